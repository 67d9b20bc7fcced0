import type { z } from '@hono/zod-openapi'
import { InvalidRequestError } from '../agent/errors.ts'
import type { newAgentBody } from '../schema/api.ts'
import { type Character, parseCharacter } from '../schema/character.ts'
import type { JsonObject } from '../schema/json.ts'

/** Fields of an agent's row that are no part of its character; clients send them back with it. */
const ROW_FIELDS = ['status', 'enabled', 'createdAt', 'updatedAt']

/**
 * The character of a new agent.
 *
 * @throws {InvalidRequestError} not exactly one source is given, or it is a path
 * @throws {CharacterError}
 */
export function readNewCharacter(request: z.infer<typeof newAgentBody>): Character {
  if (request.characterPath !== undefined) {
    throw new InvalidRequestError(
      'characterPath is refused: a request must not make the server read its files. ' +
        'Send the content of the file as characterJson.',
      'characterPath',
    )
  }
  const { characterJson, agent } = request
  if ((characterJson === undefined) === (agent === undefined)) {
    throw new InvalidRequestError(
      'Send exactly one of characterJson (an object or JSON text) and agent.',
      'characterJson',
    )
  }
  if (agent !== undefined) return parseCharacter(characterPatch(agent), 'agent')
  const json = typeof characterJson === 'string' ? parseText(characterJson) : characterJson
  return parseCharacter(json, 'characterJson')
}

/** A row that comes back from a client, without what is no part of the character. */
export function characterPatch(row: Readonly<Record<string, unknown>>): JsonObject {
  const fields = Object.entries(row).filter(([key]) => !ROW_FIELDS.includes(key))
  return Object.fromEntries(fields) as JsonObject // It was parsed from a JSON body.
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new InvalidRequestError(`characterJson is not valid JSON: ${reason}.`, 'characterJson')
  }
}
