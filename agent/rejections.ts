import type { ModelErrorOptions } from './errors.ts'

/** Codes with which a vendor would answer the same request again. */
export const REJECTIONS: readonly ModelErrorOptions['code'][] = [
  'model_rejected',
  'model_not_configured',
  'model_refused',
  'prompt_too_long',
]
