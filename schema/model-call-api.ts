import { z } from 'zod'

/** A row of the ledger, as the trace of its turn shows it. */
export const modelCall = z
  .object({
    step: z.string(),
    gen: z.number(),
    call: z.number(),
    attempt: z.number(),
    try: z
      .number()
      .meta({ description: 'Ordinal within the attempt: above 1 after a failed vendor.' }),
    vendor: z.string(),
    model: z.string(),
    purpose: z.string(),
    state: z.enum(['pending', 'complete', 'cut', 'unknown']),
    inputTokens: z.number().nullable(),
    outputTokens: z.number().nullable(),
    cachedTokens: z.number().nullable(),
    cacheWriteTokens: z.number().nullable(),
    cost: z.number().nullable().meta({ description: 'US dollars; null when unknown.' }),
    firstTokenMs: z.number().nullable(),
    latencyMs: z.number().nullable(),
    finishReason: z.string().nullable(),
    error: z.string().nullable(),
    errorCode: z.string().nullable(),
  })
  .meta({ id: 'ModelCall' })
