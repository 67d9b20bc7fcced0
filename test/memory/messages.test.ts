import { beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { findMessage, listMessages } from '../../memory/messages.ts'
import { accept } from '../../turns/accept.ts'
import { describeDatabases } from '../support/databases.ts'
import { createChannel, messageTo, queueTurn } from '../support/turn-fixtures.ts'

describeDatabases('the messages of a channel', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })

  it('are listed from the newest on, page by page', async () => {
    const channel = await createChannel(database.db)
    for (const n of [1, 2, 3, 4, 5]) {
      await queueTurn(database.db, channel, { text: `${n}` })
      await sql`
        update messages set created_at = ${new Date(Date.UTC(2025, 0, n))}
        where channel_id = ${channel.channelId} and content = ${`${n}`}`.execute(database.db)
    }
    const page = async (before?: number) => {
      const rows = await listMessages(database.db, channel.channelId, { limit: 2, before })
      return rows.map(({ content }) => content)
    }
    expect(await page()).toEqual(['5', '4'])
    expect(await page(Date.UTC(2025, 0, 4))).toEqual(['3', '2'])
    expect(await page(Date.UTC(2025, 0, 2))).toEqual(['1'])
    expect(await page(Date.UTC(2025, 0, 1))).toEqual([])
  })

  it('are listed without the pictures inside them', async () => {
    const channel = await createChannel(database.db)
    const url = `data:image/png;base64,${'A'.repeat(10_000)}`
    const attachments = [{ id: 'a', url }, { url: 'https://example.org/cat.png' }]
    const metadata = { attachments, kept: [url] }
    const input = messageTo(channel, { metadata })
    const message = { ...input.message, rawMessage: { message: 'Hello', attachments } }
    await accept(database.db, { ...input, message })
    const [row] = await listMessages(database.db, channel.channelId, { limit: 10 })
    const short = [{ id: 'a', url: url.slice(0, 64) }, attachments[1]]
    expect(row?.metadata).toEqual({ attachments: short, kept: [url] })
    expect(row?.raw_message).toEqual({ message: 'Hello', attachments: short })
  })

  it('are none of another channel', async () => {
    await queueTurn(database.db, await createChannel(database.db))
    const channel = await createChannel(database.db)
    expect(await listMessages(database.db, channel.channelId, { limit: 10 })).toEqual([])
  })

  it('are found by the id that their source gave them', async () => {
    const channel = await createChannel(database.db)
    const input = messageTo(channel, { text: 'Found.', externalId: 'a-1' })
    await accept(database.db, input)
    const { channelId, authorId } = channel
    const find = (externalId: string) =>
      findMessage(database.db, { channelId, authorId, externalId })
    expect(await find('a-1')).toMatchObject({ id: input.message.id, content: 'Found.' })
    expect(await find('a-2')).toBeUndefined()
  })
})
