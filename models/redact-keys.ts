/** How the keys of vendors begin; the most special first. Labels as in the vendors' identities. */
const OWNERS: readonly (readonly [RegExp, string])[] = [
  [/^sk-ant-/, 'Anthropic'],
  [/^sk-or-/, 'OpenRouter'],
  [/^gsk_/, 'Groq'],
  [/^xai-/, 'xAI'],
  [/^AIza|^AQ\./, 'Google'],
  [/^sk-(?:proj|svcacct|admin)-/, 'OpenAI'],
]

/** The vendor that gives out keys of this shape; undefined when the shape is not one's own. */
export const keyOwner = (key: string): string | undefined =>
  OWNERS.find(([shape]) => shape.test(key))?.[1]

/** `sk-…` and its cousins: OpenAI, Anthropic, OpenRouter, Stripe-like, Groq, xAI, Google. */
const KEY_SHAPES =
  /\b(?:sk|pk|rk|gsk|xai)[-_][\w*.-]+|\bAIza[\w*-]+|\bAQ\.[\w*-]{8,}|\bbearer\s+\S+|(?<=[?&](?:key|api_key|token)=)[^&\s'"]+/gi
/** Vendors echo a refused key with its middle starred out; both ends are still a secret. */
const STARRED = /[\w.-]*\*{3,}[\w*.-]*/g

/** `text` without the configured key and without anything that looks like one. */
export function redactKeys(text: string, key: string | undefined): string {
  const withoutKey = key === undefined || key === '' ? text : text.replaceAll(key, '[key]')
  return withoutKey.replace(KEY_SHAPES, '[key]').replace(STARRED, '[key]')
}
