import type { ModelPurpose } from '../../agent/models.ts'
import { MODEL_PURPOSES } from '../../schema/model-purposes.ts'

/** What a type of ElizaOS is to us; `own`: whatever a plugin's handler of that name does. */
export type ModelType =
  | { readonly kind: 'purpose'; readonly purpose: ModelPurpose }
  | { readonly kind: 'encode' }
  | { readonly kind: 'decode' }
  | { readonly kind: 'own'; readonly type: string }

/** Other spellings of ElizaOS 1.x, then the types that 2.x has more. */
const OTHER_WORDS: Readonly<Record<string, ModelPurpose>> = {
  ...{ SMALL: 'TEXT_SMALL', MEDIUM: 'TEXT_LARGE', LARGE: 'TEXT_LARGE' },
  ...{ TEXT_REASONING_SMALL: 'REASONING_SMALL', TEXT_REASONING_LARGE: 'REASONING_LARGE' },
  ...{ TEXT_MEDIUM: 'TEXT_LARGE', TEXT_NANO: 'TEXT_SMALL', TEXT_MEGA: 'TEXT_LARGE' },
  ...{ RESPONSE_HANDLER: 'TEXT_SMALL', ACTION_PLANNER: 'TEXT_LARGE', RESEARCH: 'REASONING_LARGE' },
}

const PURPOSES = new Map<string, ModelPurpose>([
  ...MODEL_PURPOSES.map((purpose) => [purpose, purpose] as const),
  ...Object.entries(OTHER_WORDS),
])

export function modelTypeOf(type: string): ModelType {
  if (type === 'TEXT_TOKENIZER_ENCODE') return { kind: 'encode' }
  if (type === 'TEXT_TOKENIZER_DECODE') return { kind: 'decode' }
  const purpose = PURPOSES.get(type)
  return purpose ? { kind: 'purpose', purpose } : { kind: 'own', type }
}
