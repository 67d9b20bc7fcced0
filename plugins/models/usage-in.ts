import type { ModelUsage } from '../../agent/models.ts'

type Members = Readonly<Record<string, unknown>>

/** Nested where vendors say which tokens came from their cache. */
const CACHED = ['prompt_tokens_details', 'input_tokens_details'] as const

/** What a vendor's JSON says about its use: the names of OpenAI's, Anthropic's and Google's APIs. */
export function usageIn(body: unknown): ModelUsage | undefined {
  const { usage, usageMetadata } = membersOf(body) ?? {}
  const used = membersOf(usage) ?? membersOf(usageMetadata)
  if (!used) return undefined
  const inputTokens = count(used.input_tokens ?? used.prompt_tokens ?? used.promptTokenCount)
  if (inputTokens === undefined) return undefined
  const outputTokens = used.output_tokens ?? used.completion_tokens ?? used.candidatesTokenCount
  const cachedTokens = count(
    used.cachedContentTokenCount ??
      CACHED.map((name) => membersOf(used[name])?.cached_tokens).find(Boolean),
  )
  return {
    inputTokens,
    outputTokens: count(outputTokens) ?? 0, // vectors have none
    ...(cachedTokens && { cachedTokens }),
  }
}

const membersOf = (value: unknown): Members | undefined =>
  typeof value === 'object' && value !== null ? (value as Members) : undefined // any members

const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined
