import { MODEL_VENDORS } from './model-vendors.ts'

/** What people call vendors, and what ElizaOS's plugins are called. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  ...{ claude: 'anthropic', gemini: 'google', 'google-genai': 'google' },
  ...{ grok: 'xai', 'x-ai': 'xai' },
}

const VENDORS = new Set<string>([...MODEL_VENDORS.map(({ vendor }) => vendor), 'eliza'])

/** `openrouter/anthropic/claude-sonnet-5` is a model of OpenRouter: the first slash counts. */
export function splitChoice(text: string): { readonly vendor: string; readonly model?: string } {
  const [, name = text, model] = /^([^/]*)\/(.*)$/s.exec(text.trim()) ?? [undefined, text.trim()]
  // A plugin's name may contain slashes: `plugin:@elizaos/plugin-openai`.
  if (isPlugin(text)) return { vendor: text.trim() }
  const word = name.toLowerCase()
  return { vendor: OTHER_WORDS[word] ?? word, ...(model && { model }) }
}

export const isVendorChoice = (text: string): boolean =>
  isPlugin(text) || VENDORS.has(splitChoice(text).vendor)

const isPlugin = (text: string) => /^plugin:./.test(text.trim())
