import { setTimeout as delay } from 'node:timers/promises'
import { readEvents } from '../support/read-events.ts'
import type { Followed, Stage } from './stage.ts'

const LAST_EVENTS = ['done', 'error', 'waiting_approval']
const PAUSE_MS = 300

/**
 * Reads a turn's stream to its last event, as a browser does: a broken one is taken up again behind the
 * last event that was seen, at whichever api is there.
 */
export async function follow(stage: Stage, turnId: string, api: number): Promise<void> {
  const followed: Followed = { turnId, last: undefined, text: '' }
  stage.followed.push(followed)
  const apis = stage.house.slots.filter(({ role }) => role === 'api')
  let lastId: string | undefined
  for (let attempt = 0; !stage.signal.aborted && !followed.last; attempt += 1) {
    const url = apis[(api + attempt) % apis.length]?.url()
    try {
      if (url !== undefined) lastId = await read(stage, followed, { url, lastId })
    } catch {
      // The process died.
    }
    await delay(PAUSE_MS)
  }
  stage.journal.note({ op: 'follow', ...followed })
}

async function read(
  { signal }: Stage,
  followed: Followed,
  { url, lastId }: { url: string; lastId: string | undefined },
): Promise<string | undefined> {
  let id = lastId
  const headers: Record<string, string> = id === undefined ? {} : { 'last-event-id': id }
  const response = await fetch(`${url}/api/turns/${followed.turnId}/stream`, { headers, signal })
  if (!response.ok) return id
  // What was begun is thrown away: the position moves only with what is shown.
  if (id === undefined) followed.text = ''
  try {
    for await (const { event, data, id: eventId } of readEvents(response)) {
      if (event === 'error' && data.error === 'stream_interrupted') continue
      if (event === 'restart') followed.text = ''
      if (event === 'chunk') followed.text += String(data.chunk)
      if (LAST_EVENTS.includes(event)) {
        followed.last = event
        if (typeof data.text === 'string') followed.text = data.text
      }
      id = eventId ?? id
    }
  } catch {
    // It broke in the middle.
  }
  return id
}
