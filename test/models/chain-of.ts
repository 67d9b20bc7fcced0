import type { ModelHandler, ModelPurpose, ResolvedModel } from '../../agent/models.ts'
import { createModelRouter } from '../../models/router.ts'

export type Settings = Readonly<Record<string, unknown>>

/** Who is asked, of an environment and of an agent's settings and plugins. */
export const chainOf = (
  environment: Record<string, string>,
  settings: Settings = {},
  purpose: ModelPurpose = 'TEXT_LARGE',
  models: readonly ModelHandler[] = [],
) => createModelRouter({ modelSettings: environment }).chain(purpose, { settings, models })

/** As `vendor/model`. */
export const namesOf = async (...args: Parameters<typeof chainOf>) =>
  (await chainOf(...args)).map(({ vendor, model }) => `${vendor.name}/${model}`)

export const firstOf = async (...args: Parameters<typeof chainOf>): Promise<ResolvedModel> => {
  const [first] = await chainOf(...args)
  if (!first) throw new Error('The chain is empty.')
  return first
}

export const ANTHROPIC = { ANTHROPIC_API_KEY: 'sk-ant-1' }
export const OPENAI = { OPENAI_API_KEY: 'sk-1' }
export const GROQ = { GROQ_API_KEY: 'gsk_1' }
