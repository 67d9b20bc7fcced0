import type { z } from '@hono/zod-openapi'
import type { modelsOverview } from '../schema/models-api.ts'

export type ModelsOverview = z.output<typeof modelsOverview>

/** Text for Prometheus. */
export interface MetricsPage {
  readonly contentType: string
  readonly text: string
}

/** Who answers, and what keeps calls from vendors. */
export interface ModelsPort {
  overview(): Promise<ModelsOverview>
  metrics(): Promise<MetricsPage>
}
