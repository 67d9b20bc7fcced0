import { createWriteStream } from 'node:fs'
import { join } from 'node:path'

/** What was done and what was answered, a line of JSON each, with the time since the start. */
export interface Journal {
  note(what: object): void
  close(): Promise<void>
}

export function openJournal(folder: string): Journal {
  const began = Date.now()
  const file = createWriteStream(join(folder, 'journal.jsonl'))
  return {
    note: (what) => {
      if (!file.writableEnded) file.write(`${JSON.stringify({ t: Date.now() - began, ...what })}\n`)
    },
    close: () => new Promise((resolve) => file.end(resolve)),
  }
}
