import type { ModelCalls } from '../agent/context.ts'
import { callModel } from './call-model.ts'
import type { VendorPorts } from './call-vendor.ts'
import { type NextCall, workModels } from './work-models.ts'

/** Calls whose place `next` says, the ordinal of each included. */
export const modelCalls = (ports: VendorPorts, next: NextCall): ModelCalls => ({
  generate: async (purpose, params) =>
    (await callModel(ports, { ...next(), purpose, params })).text,
  models: workModels(ports, next),
})
