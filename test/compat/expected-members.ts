export interface ExpectedMember {
  readonly upstream: 'works' | 'fails'
  readonly here: 'works' | 'fails'
  /** Why it fails. */
  readonly why?: string
}

const works: ExpectedMember = { upstream: 'works', here: 'works' }

/** The package's own fault: it fails on either runtime. */
const fails = (why: string): ExpectedMember => ({ upstream: 'fails', here: 'fails', why })

/** The members of `@elizaos/plugin-bootstrap` 1.7.2, on ElizaOS's runtime and here with our built-ins off. */
export const EXPECTED_MEMBERS: Readonly<Record<string, ExpectedMember>> = {
  'action REPLY': works,
  'action IGNORE': works,
  'action NONE': works,
  'action FOLLOW_ROOM': works,
  'action UNFOLLOW_ROOM': works,
  'action MUTE_ROOM': works,
  'action UNMUTE_ROOM': works,
  'action GENERATE_IMAGE': works,
  'action CHOOSE_OPTION': works,
  'action UPDATE_CONTACT': fails('stores a text of XML where the data of a component stands'),
  'action UPDATE_ROLE': fails(
    'asks for a setting WORLD_ID that nobody sets, and parses no nested XML',
  ),
  'action UPDATE_SETTINGS': fails('asks for an object, and expects another shape than it asks for'),
  'action SEND_MESSAGE': fails('is never valid: it looks for components of a room'),
  'provider ACTIONS': works,
  'provider ACTION_STATE': works,
  'provider ANXIETY': works,
  'provider ATTACHMENTS': works,
  'provider CHARACTER': works,
  'provider CHOICE': works,
  'provider ENTITIES': works,
  'provider EVALUATORS': works,
  'provider FACTS': works,
  'provider PROVIDERS': works,
  'provider RECENT_MESSAGES': works,
  'provider RELATIONSHIPS': works,
  'provider ROLES': works,
  'provider SETTINGS': works,
  'provider TIME': works,
  'provider WORLD': works,
  'evaluator REFLECTION': fails('parses no nested XML: it never finds a fact'),
}
