import { estimateTokens } from './token-estimate.ts'

export type TokenizerName = 'o200k_base' | 'cl100k_base'

export interface Tokenizer {
  encode(text: string): number[]
  decode(tokens: readonly number[]): string
  count(text: string): number
}

/** Of OpenAI's families; undefined: no tokenizer of ours fits, and an estimate has to do. */
export function tokenizerOf(model: string): TokenizerName | undefined {
  const name = model.replace(/^ft:/, '').replace(/^.*\//, '')
  if (/^(?:gpt-3\.5|gpt-4(?![\do.])|text-embedding-(?:3|ada))/.test(name)) return 'cl100k_base'
  return /^(?:gpt-|chatgpt-|o\d(?!\d))/.test(name) ? 'o200k_base' : undefined
}

const loading = new Map<TokenizerName, Promise<Tokenizer>>()
const loaded = new Map<TokenizerName, Tokenizer>()

/**
 * Loads a tokenizer once per process: it keeps the event loop busy for about 0.1 to 0.2 s and stays in
 * memory with 40 to 75 MB, so it is never loaded before something is to be counted with it.
 */
export function loadTokenizer(name: TokenizerName): Promise<Tokenizer> {
  const known = loading.get(name)
  if (known) return known
  const tokenizer = importTokenizer(name).then((ready) => {
    loaded.set(name, ready)
    return ready
  })
  loading.set(name, tokenizer)
  return tokenizer
}

/**
 * Counts at once. Until the tokenizer is there, which its first use starts to load, the estimate counts:
 * the first prompts of a process are then taken for a third longer than they are.
 */
export function countTokens(text: string, name: TokenizerName | undefined): number {
  if (name === undefined) return estimateTokens(text)
  const tokenizer = loaded.get(name)
  if (tokenizer) return tokenizer.count(text)
  // It cannot fail but for a broken installation, and then the estimate goes on.
  loadTokenizer(name).catch(() => undefined)
  return estimateTokens(text)
}

/** What ElizaOS's TEXT_TOKENIZER_ENCODE answers: by the model's own tokenizer, else by `o200k_base`. */
export async function encodeText(text: string, model: string): Promise<number[]> {
  return (await loadTokenizer(tokenizerOf(model) ?? 'o200k_base')).encode(text)
}

/** What ElizaOS's TEXT_TOKENIZER_DECODE answers, for tokens of `encodeText`. */
export async function decodeTokens(tokens: readonly number[], model: string): Promise<string> {
  return (await loadTokenizer(tokenizerOf(model) ?? 'o200k_base')).decode(tokens)
}

/** Texts of people are texts: `<|endoftext|>` in one is no command. */
const AS_TEXT = { disallowedSpecial: new Set<string>() }

async function importTokenizer(name: TokenizerName): Promise<Tokenizer> {
  const {
    encode,
    decode,
    countTokens: count,
  } = name === 'o200k_base'
    ? await import('gpt-tokenizer/encoding/o200k_base')
    : await import('gpt-tokenizer/encoding/cl100k_base')
  return {
    encode: (text) => shortRuns(text).flatMap((piece) => encode(piece, AS_TEXT)),
    decode: (tokens) => decode(tokens),
    count: (text) => shortRuns(text).reduce((sum, piece) => sum + count(piece, AS_TEXT), 0),
  }
}

/**
 * Its time grows with the square of a run without a boundary: 50,000 characters of one kind take seconds
 * (measured: 5.5 s for Chinese without punctuation), and a person can send them. Cut at every hundredth
 * they take milliseconds, and come out at most a few percent too high.
 */
function shortRuns(text: string): string[] {
  const pieces: string[] = []
  let from = 0
  for (const { 0: run, index } of text.matchAll(/\S{100}|\s{100}/gu)) {
    pieces.push(text.slice(from, index + run.length))
    from = index + run.length
  }
  return [...pieces, text.slice(from)]
}
