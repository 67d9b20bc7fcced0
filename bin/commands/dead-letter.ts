import { apiAddress } from '../../cli/api-address.ts'
import { type Api, createApi } from '../../cli/api-client.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { renderDeadLetter, renderDeadLetters, standing } from '../../cli/dead-letters.ts'
import { createPaint } from '../../cli/paint.ts'
import { printableJson } from '../../cli/printable.ts'
import { deadLetter, deadLetterDetails, deadLetterList } from '../../schema/dead-letters-api.ts'
import { userName } from '../user-name.ts'

const PATH = '/api/dead-letters'

/** Prints turns that ended badly, newest first. */
export async function listDeadLetters({ config, values, io }: CommandInput): Promise<number> {
  const query = new URLSearchParams()
  if (values.state !== undefined) query.set('state', values.state)
  if (values.agent !== undefined) query.set('agentId', values.agent)
  if (values.before !== undefined) query.set('before', values.before)
  const answer = await createApi(apiAddress(config)).request(`${PATH}?${query}`)
  if (values.json) return print(io, printableJson(answer))
  const { deadLetters, next } = deadLetterList.parse(answer)
  if (deadLetters.length === 0) return print(io, 'There are none.')
  const more = next === null ? '' : `\nMore: --before ${next}`
  return print(io, `${renderDeadLetters(deadLetters, createPaint(io.hasColor))}${more}`)
}

/** Prints one with its message, its trace, and what was done about it. */
export async function showDeadLetter({
  config,
  values,
  positionals,
  io,
}: CommandInput): Promise<number> {
  const answer = await createApi(apiAddress(config)).request(pathOf(positionals))
  if (values.json) return print(io, printableJson(answer))
  return print(io, renderDeadLetter(deadLetterDetails.parse(answer), createPaint(io.hasColor)))
}

/** Has the turn run again, with another text if one is given. */
export const retryDeadLetter = (input: CommandInput): Promise<number> =>
  act(input, 'retry', { text: input.values.text })

/** Closes it. */
export const skipDeadLetter = (input: CommandInput): Promise<number> => act(input, 'skip', {})

async function act(
  { config, values, positionals, io }: CommandInput,
  verb: 'retry' | 'skip',
  more: { readonly text?: string },
): Promise<number> {
  const api: Api = createApi(apiAddress(config))
  const body = { by: userName(), comment: values.comment, ...more }
  const answer = await api.request(`${pathOf(positionals)}/${verb}`, { method: 'POST', body })
  if (values.json) return print(io, printableJson(answer))
  const letter = deadLetter.parse(answer)
  const follow = verb === 'retry' ? `\nSee how it goes: turnkeeper turn show ${letter.turnId}` : ''
  return print(io, `${letter.turnId}  ${standing(letter)}${follow}`)
}

const pathOf = ([id = '']: readonly string[]) => `${PATH}/${encodeURIComponent(id)}`

function print({ stdout }: CommandInput['io'], text: string): number {
  stdout.write(`${text}\n`)
  return EXIT.ok
}
