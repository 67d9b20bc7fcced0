import { distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { budgetsSetting } from './budget.ts'
import { isUuid } from './ids.ts'
import { overlapSetting } from './overlap.ts'
import { turnDeadline } from './turn-deadline.ts'

// The `error` of a field is what was expected there, in words: agent/characters/ makes the sentence.
const text = z.string({ error: 'a text' })
const texts = z.array(text, { error: 'a list of texts' })
const json = z.json({ error: 'a JSON value' })

/** Longest template of a character, in characters. */
export const MAX_TEMPLATE_LENGTH = 100_000

/** A template that a TypeScript project writes as code: given the state, it returns the template's text. */
export type TemplateFunction = (input: {
  readonly state: {
    readonly values: Readonly<Record<string, unknown>>
    readonly data: Readonly<Record<string, unknown>>
    readonly text: string
  }
}) => string

// Functions come only from code files; JSON has none, and none is stored.
const template = z.custom<string | TemplateFunction>(
  (value) =>
    typeof value === 'function' ||
    (typeof value === 'string' && value.length <= MAX_TEMPLATE_LENGTH),
  { error: `a template of at most ${MAX_TEMPLATE_LENGTH.toLocaleString('en')} characters` },
)

const exampleContent = z
  .object({ text: text.optional(), actions: texts.optional() }, { error: 'an object with `text`' })
  .catchall(json)

const messageExample = z
  .object({ name: text, content: exampleContent }, { error: 'an object {name, content: {text}}' })
  .catchall(json)

const shared = z.boolean({ error: 'true or false' }).optional()
const knowledgeItem = z.union(
  [text, z.strictObject({ path: text, shared }), z.strictObject({ directory: text, shared })],
  { error: 'a text, {path, shared} or {directory, shared}' },
)

export const STYLE_KEYS: readonly string[] = ['all', 'chat', 'post']

// ElizaOS keeps further keys of `style`; only those that look like a slip of the pen are refused.
const style = z
  .object(
    { all: texts.optional(), chat: texts.optional(), post: texts.optional() },
    { error: 'an object with `all`, `chat` and `post`' },
  )
  .catchall(json)
  .superRefine((value, context) => {
    const slips = Object.keys(value).filter(
      (key) => !STYLE_KEYS.includes(key) && STYLE_KEYS.some((known) => distance(key, known) < 3),
    )
    if (slips.length === 0) return
    context.addIssue({ code: 'unrecognized_keys', keys: slips, input: value })
  })

/** ElizaOS's character JSON. Unknown top-level keys are refused, as ElizaOS refuses them. */
export const characterSchema = z.strictObject(
  {
    /** Any 8-4-4-4-12 hex string. @default stringToUuid(name) */
    id: text.refine(isUuid, { error: 'a UUID (8-4-4-4-12 hex digits)' }).optional(),
    name: text
      .max(200, { error: 'a name of at most 200 characters' })
      .refine((name) => name.trim() !== '', { error: 'a name that is not empty' }),
    username: text.optional(),
    /** Instructions that come before everything else. */
    system: text.optional(),
    templates: z.record(z.string(), template, { error: 'an object of templates' }).optional(),
    bio: z.union([text, texts], { error: 'a text or a list of texts' }),
    messageExamples: z
      .array(z.array(messageExample, { error: 'a list of messages' }), {
        error: 'a list of conversations, each a list of messages',
      })
      .optional(),
    postExamples: texts.optional(),
    topics: texts.optional(),
    adjectives: texts.optional(),
    knowledge: z
      .array(knowledgeItem, { error: 'a list of texts, {path} or {directory}' })
      .optional(),
    plugins: texts.optional(),
    settings: z
      .object(
        {
          turnDeadlineMs: turnDeadline.optional(),
          overlap: overlapSetting.optional(),
          budgets: budgetsSetting.optional(),
        },
        { error: 'an object' },
      )
      .catchall(json)
      .optional(),
    secrets: z
      .record(
        z.string(),
        z.union([z.string(), z.boolean(), z.number()], { error: 'a text, a number or a boolean' }),
        { error: 'an object' },
      )
      .optional(),
    style: style.optional(),
  },
  { error: 'a JSON object, the character' },
)

/** The keys a character may have, as its JSON spells them. */
export const CHARACTER_KEYS: readonly string[] = Object.keys(characterSchema.shape)
