import { z } from 'zod'

/** The parts of a history that tests look at, as Temporal writes it in JSON. */
const history = z.object({
  history: z.object({
    events: z.array(
      z.looseObject({
        eventType: z.string(),
        workflowTaskCompletedEventAttributes: z.looseObject({ identity: z.string() }).optional(),
      }),
    ),
  }),
})

export type HistoryEvent = z.infer<typeof history>['history']['events'][number]

/** The events of an exported history (`GET /api/turns/:id/history`), oldest first. */
export const eventsOf = (exported: unknown): HistoryEvent[] =>
  history.parse(exported).history.events
