import type { ModelRequest, ModelResult } from '../../agent/models.ts'
import { type AnthropicLimits, createAnthropicVendor } from '../../models/anthropic.ts'
import type { StubAnthropic } from '../support/stub-anthropic.ts'

export const REQUEST: ModelRequest = {
  model: 'claude-sonnet-4-6',
  purpose: 'TEXT_LARGE',
  system: 'You are Ada.',
  prompt: 'The stable part. The rest.',
}

/** Asks the stub, and returns the answer with the pieces in which it came. */
export async function askAnthropic(
  { url }: StubAnthropic,
  request: Partial<ModelRequest> = {},
  limits: Partial<AnthropicLimits> = {},
): Promise<ModelResult & { readonly pieces: readonly string[] }> {
  const pieces: string[] = []
  const vendor = createAnthropicVendor({ baseUrl: url, apiKey: 'sk-ant-test' }, limits)
  const result = await vendor.generate(
    { ...REQUEST, ...request },
    { signal: new AbortController().signal, onText: (delta) => pieces.push(delta) },
  )
  return { ...result, pieces }
}
