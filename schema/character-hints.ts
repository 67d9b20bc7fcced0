/** Keys of ElizaOS 0.x and of stored agents that a character no longer has, and what became of them. */
const MOVED: Readonly<Record<string, string>> = {
  clients: 'name the plugin of each platform in `plugins`',
  modelProvider: 'set the key of the vendor, for example `OPENAI_API_KEY` in `secrets`',
  imageModelProvider: 'set the key of the vendor in `secrets`',
  imageVisionModelProvider: 'set the key of the vendor in `secrets`',
  modelEndpointOverride: 'set `OPENAI_BASE_URL` in `settings`',
  lore: 'append its sentences to `bio`',
  people: 'append what matters to `bio` or `knowledge`',
  clientConfig: 'put it into `settings`',
  agentConfig: 'put it into `settings`',
  twitterProfile: 'put it into `settings`',
  instagramProfile: 'put it into `settings`',
  simsaiProfile: 'put it into `settings`',
  twitterSpaces: 'put it into `settings`',
  nft: 'put it into `settings`',
  extends: 'copy what it extends into this file',
  evaluators: 'name the plugin that brings them in `plugins`',
  providers: 'name the plugin that brings them in `plugins`',
  actions: 'name the plugin that brings them in `plugins`',
  enabled: 'remove it: agents are started and stopped through the API',
  status: 'remove it: agents are started and stopped through the API',
  createdAt: 'remove it: it belongs to a stored agent',
  updatedAt: 'remove it: it belongs to a stored agent',
}

const SETTING_NAME = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/

/** What to do with a top-level key that characters do not have; undefined when nothing is known. */
export function migrationHint(key: string): string | undefined {
  if (Object.hasOwn(MOVED, key)) return MOVED[key]
  if (SETTING_NAME.test(key)) return 'put it into `secrets` if it is one, else into `settings`'
  return undefined
}
