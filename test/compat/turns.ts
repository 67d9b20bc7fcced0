import { randomUUID } from 'node:crypto'
import type { ElizaContent } from '../../plugins/contract.ts'
import type { CompatAgent, CompatHouse } from './house.ts'

/** What a message model writes, with the actions it chose. */
export const replyXml = (actions: string, text: string, providers = ''): string =>
  `<response><thought>So be it.</thought><actions>${actions}</actions><providers>${providers}</providers><text>${text}</text></response>`

export interface NotedTurn {
  readonly turnId: string
  readonly replies: readonly ElizaContent[]
  readonly calls: readonly {
    readonly purpose: string
    readonly vendor: string
    readonly step: string
  }[]
}

/** One message in a room of its own, and what became of it. */
export async function noteTurn(
  { assembly }: CompatHouse,
  { runtime }: CompatAgent,
  {
    text,
    roomId = randomUUID(),
    userId = randomUUID(),
  }: { text: string; roomId?: string; userId?: string },
): Promise<NotedTurn> {
  const handled = await runtime.processMessage({ text, roomId, userId })
  const { turnId, responseMessages } = handled
  const calls = await assembly.db
    .selectFrom('model_calls')
    .select(['purpose', 'vendor', 'step'])
    .where('turn_id', '=', turnId)
    .orderBy('created_at')
    .execute()
  return { turnId, replies: responseMessages.map(({ content }) => content), calls }
}
