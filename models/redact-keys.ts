/** `sk-…` and its cousins: OpenAI, Anthropic, OpenRouter, Stripe-like, Groq, xAI, Google. */
const KEY_SHAPES = /\b(?:sk|pk|rk|gsk|xai)[-_][\w*.-]+|\bAIza[\w*-]+|\bbearer\s+\S+/gi
/** Vendors echo a refused key with its middle starred out; both ends are still a secret. */
const STARRED = /[\w.-]*\*{3,}[\w*.-]*/g

/** `text` without the configured key and without anything that looks like one. */
export function redactKeys(text: string, key: string | undefined): string {
  const withoutKey = key === undefined || key === '' ? text : text.replaceAll(key, '[key]')
  return withoutKey.replace(KEY_SHAPES, '[key]').replace(STARRED, '[key]')
}
