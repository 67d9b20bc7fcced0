/** How a model says what to do: in the XML that the prompt asks for, or by calling tools. */
export const DECISION_MODES = ['xml', 'tools'] as const
export type DecisionMode = (typeof DECISION_MODES)[number]

/** An agent's setting `decision` (or `DECISION`), else the deployment's. Other words count as none. */
export function wantedDecision(
  settings: Readonly<Record<string, unknown>>,
  byDefault: DecisionMode = 'xml',
): DecisionMode {
  const wanted = String(settings.decision ?? settings.DECISION ?? '').toLowerCase()
  return DECISION_MODES.find((mode) => mode === wanted) ?? byDefault
}
