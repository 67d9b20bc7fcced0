import { z } from 'zod'

const dollars = z.number().min(0).max(1_000_000)

/** One model; prices in US dollars per million tokens. */
const pricedModel = z.strictObject({
  /** Tokens of prompt and answer together. */
  context: z.int().min(1).optional(),
  /** Most tokens of an answer. */
  answer: z.int().min(1).optional(),
  input: dollars.optional(),
  output: dollars.optional(),
  cached: dollars.optional(),
  cacheWrite: dollars.optional(),
  /** Whether it takes tools. @default true */
  tools: z.boolean().optional(),
})
export type PricedModel = z.output<typeof pricedModel>

const priceList = z.strictObject({
  /** When the figures were taken. */
  date: z.string().optional(),
  source: z.string().optional(),
  /** By `vendor/model`. */
  models: z.record(z.string(), pricedModel),
})
export type PriceList = z.output<typeof priceList>

/** @throws {Error} what is wrong, in words that name the member. */
export function parsePriceList(text: string): PriceList {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new Error('it is no JSON')
  }
  const parsed = priceList.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Error(`${issue?.path.join(' › ') || 'the file'}: ${issue?.message}`)
}
