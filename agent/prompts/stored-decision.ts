import type { JsonObject } from '../../schema/json.ts'
import type { Agent } from '../agent.ts'
import type { DecisionMode } from '../decision-mode.ts'
import type { StoredPrompt } from '../ports.ts'
import { type AnswerTools, toolSpecs } from './tool-specs.ts'

/** What a stored prompt says about the call that it is for. */
export interface PromptFacts {
  readonly decision: DecisionMode
  /** Names of the actions that are offered as tools. */
  readonly tools: readonly string[]
  /** As `GenerateParams.stableLength`. */
  readonly stableLength: number
}

/** The part of `StoredPrompt.state` that the functions below read. */
export const storedFacts = ({ decision, tools, stableLength }: PromptFacts): JsonObject => ({
  stableLength,
  ...(decision === 'tools' ? { decision, tools: [...tools] } : {}),
})

/** For `GenerateParams.stableLength`; 0 where it is not known, also for prompts of older versions. */
export function stableLengthOf({ prompt, state }: StoredPrompt): number {
  const length = state.stableLength
  const isLength = typeof length === 'number' && Number.isInteger(length)
  return isLength && length >= 0 && length <= prompt.length ? length : 0
}

/** What the prompt was written for. A later change of the setting does not change a prompt that stands. */
export const decisionModeOf = ({ state }: StoredPrompt): DecisionMode =>
  state.decision === 'tools' ? 'tools' : 'xml'

/** The tools that the prompt counts on; undefined when it asks for XML. */
export function toolsOf(
  { actions }: Pick<Agent, 'actions'>,
  stored: StoredPrompt,
): AnswerTools | undefined {
  if (decisionModeOf(stored) === 'xml') return undefined
  const { tools } = stored.state
  const offered = new Set(Array.isArray(tools) ? tools : [])
  return toolSpecs(actions.filter(({ name }) => offered.has(name)))
}
