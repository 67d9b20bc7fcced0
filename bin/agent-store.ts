import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Agent } from '../agent/agent.ts'
import { buildAgent } from '../agent/build-agent.ts'
import { checkTemplates } from '../agent/characters/check-templates.ts'
import type { CharacterCode } from '../agent/characters/code-file.ts'
import type { CharacterFile } from '../agent/characters/load.ts'
import { ConflictError, NotFoundError } from '../agent/errors.ts'
import { forkedAgent } from '../agent/forked-agent.ts'
import { withPlatforms } from '../agent/platforms.ts'
import type { Plugin } from '../agent/plugin.ts'
import type { AgentRegistry } from '../agent/ports.ts'
import type { OpenDatabase } from '../database/open.ts'
import {
  type AgentRow,
  findAgent,
  insertAgent,
  listAgents,
  setAgentStatus,
  updateAgent,
} from '../memory/agents.ts'
import { settingsForModel } from '../models/router.ts'
import type { ElizaPlugin } from '../plugins/contract.ts'
import type { HostedAgent } from '../plugins/plugin-host.ts'
import { agentIdOf, type Character, parseCharacter } from '../schema/character.ts'
import type { JsonObject } from '../schema/json.ts'
import { findFork } from '../turns/forks.ts'
import { joinSecrets, patchCharacter, secretValues, splitSecrets } from './character-secrets.ts'
import { environmentSecrets } from './environment-secrets.ts'
import { createRecentMap } from './recent-map.ts'
import type { SecretBox } from './secrets.ts'

/** Agents beyond this are loaded again when a turn needs them. */
const MAX_LOADED = 1_000

/** An agent as it is stored, its secrets open. */
export interface StoredAgent {
  readonly id: string
  readonly character: Character
  readonly row: AgentRow
}

/** What an agent has of its foreign plugins. */
export interface ForeignMembers extends Pick<Agent, 'runTask' | 'platforms'> {
  readonly plugins: readonly Plugin[]
}

interface StoredCode extends CharacterCode {
  readonly hash: string
}

interface Shelf {
  readonly db: OpenDatabase['db']
  /** Of every agent, besides the core plugin. */
  readonly plugins: readonly Plugin[]
  /** The foreign ones of an agent, started in this process. @default there are none */
  readonly openPlugins?: (agent: HostedAgent) => Promise<ForeignMembers>
  readonly box: SecretBox
  /** `CHARACTER.<NAME>.<KEY>`: secrets that are never stored. @default none */
  readonly characterEnv?: Readonly<Record<string, string>>
  /** What code files give the agents of this process. */
  readonly code?: Map<string, StoredCode>
  /** Hears every secret that was opened, so that logs can hide it. */
  readonly onSecrets: (values: readonly string[]) => void
}

/** Stored characters, and the agents they become. */
export function createAgentStore(given: Shelf) {
  const shelf = { code: new Map<string, StoredCode>(), ...given }
  const { db, box } = shelf
  const { registry, forget } = createRegistry(shelf)
  const folders = new Set<string>()
  return {
    registry,
    /** Of the character files that this process imported, absolute. */
    folders: () => [...folders],
    /** Its members changed: it is built anew when the next turn needs it. */
    forget,
    /** What the character files gave in code, by agent. */
    code: shelf.code,
    stored: (id: string) => findStored(shelf, id),
    list: () => listAgents(db),
    setStatus: (id: string, status: AgentRow['status']) => setAgentStatus(db, id, status),

    async create(character: Character): Promise<StoredAgent> {
      checkTemplates(character, REQUEST)
      const id = agentIdOf(character)
      const row = { id, ...sealed(box, character), sourceHash: null, status: 'inactive' as const }
      if (!(await insertAgent(db, row))) {
        throw new ConflictError(
          `An agent with the id '${id}' exists. Change it, or choose another id.`,
        )
      }
      return findStored(shelf, id)
    },

    /** @throws {CharacterError} the result is no valid character. */
    async patch(id: string, patch: JsonObject): Promise<StoredAgent> {
      const current = await findStored(shelf, id)
      const character = parseCharacter(patchCharacter(current.character, patch), REQUEST)
      checkTemplates(character, REQUEST)
      const { source_hash: sourceHash } = current.row
      await updateAgent(db, { id, ...sealed(box, character), sourceHash })
      return findStored(shelf, id)
    },

    standIn: (id: string, json: JsonObject) => standIn(shelf, id, json),

    /**
     * A file wins over the row only when it changed since it was imported: edits by the API stay.
     * @returns the agent's id.
     */
    async importFile({ file, character, hash, code }: CharacterFile): Promise<string> {
      folders.add(folderOf(file))
      const id = agentIdOf(character)
      if (code) shelf.code.set(id, { ...code, hash })
      const row = { id, ...sealed(box, character), sourceHash: hash }
      if (await insertAgent(db, { ...row, status: 'active' })) return id
      const current = await findAgent(db, id)
      if (current?.source_hash !== hash) await updateAgent(db, row)
      return id
    },
  }
}

/**
 * A character that shall stand in for the agent's in a fork. Masked values in it are the agent's own.
 * @throws {CharacterError} it is no valid character
 */
async function standIn(
  shelf: Shelf,
  id: string,
  json: JsonObject,
): Promise<{ open: JsonObject; secrets: string | null }> {
  const current = await findStored(shelf, id)
  const patched = patchCharacter(current.character, json)
  const own = Object.keys(json).flatMap((key) => (key in patched ? [[key, patched[key]]] : []))
  const character = parseCharacter(Object.fromEntries(own), STAND_IN)
  checkTemplates(character, STAND_IN)
  const { character: open, secrets } = sealed(shelf.box, character)
  return { open, secrets }
}

/** A file may also be a project, or nothing but a name. */
function folderOf(file: string): string {
  const isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory()
  return isFolder ? resolve(file) : dirname(resolve(file))
}

/** What errors call a character that came by the API. */
const REQUEST = 'request body'
/** The same for a fork's. */
const STAND_IN = 'character'

export type AgentStore = ReturnType<typeof createAgentStore>

function createRegistry(shelf: Shelf) {
  const loaded = createRecentMap<{ version: number; agent: Agent }>(MAX_LOADED)
  const registry: AgentRegistry = {
    async get(id, version, forkId) {
      const key = forkId === undefined ? id : `${forkId} of ${id}`
      const known = loaded.get(key)
      if (known && known.version >= version) return known.agent
      const row = await findAgent(shelf.db, id)
      if (!row) throw new NotFoundError('agent', id)
      const stored = opened(shelf, row)
      const agent = await (forkId === undefined
        ? built(shelf, stored)
        : forked(shelf, stored, forkId))
      loaded.put(key, { version: row.updated_at.getTime(), agent })
      return agent
    },
  }
  return { registry, forget: (id: string) => loaded.delete(id) }
}

async function built(shelf: Shelf, stored: StoredAgent, change?: AgentChange): Promise<Agent> {
  const foreign = await foreignPlugins(shelf, stored)
  const character = withCode(shelf, stored, change?.character)
  const settings = { ...settingsOf(character), ...change?.settings }
  const agent = buildAgent(stored.id, character, settings, [...shelf.plugins, ...foreign.plugins])
  const { runTask, platforms } = foreign
  return withPlatforms({ ...agent, ...(runTask && { runTask }) }, platforms)
}

/** What a fork runs with instead; its plugins are the agent's. */
interface AgentChange {
  readonly character?: Character
  readonly settings: Readonly<Record<string, unknown>>
}

async function foreignPlugins(shelf: Shelf, stored: StoredAgent): Promise<ForeignMembers> {
  const character = withCode(shelf, stored)
  return (
    shelf.openPlugins?.({
      id: stored.id,
      character,
      version: stored.row.updated_at.getTime(),
      settings: settingsOf(character),
      code: hostedCode(shelf.code?.get(stored.id)),
    }) ?? { plugins: [] }
  )
}

const hostedCode = (code: StoredCode | undefined): HostedAgent['code'] =>
  code && {
    plugins: code.plugins.map((plugin) => ({
      plugin: plugin as ElizaPlugin,
      version: null,
      folder: null,
    })),
    init: code.init,
    version: code.hash,
  }

/** From the database, like everything of an agent: any worker may run the fork, also after a restart. */
async function forked(shelf: Shelf, agent: StoredAgent, forkId: string): Promise<Agent> {
  const fork = await findFork(shelf.db, forkId)
  if (!fork) throw new NotFoundError('fork', forkId)
  const { character, secrets, model } = fork
  const own = character ? unsealed(shelf, character, secrets) : agent.character
  const settings = model === null ? {} : settingsForModel(model, settingsOf(own))
  return forkedAgent(await built(shelf, agent, { character: own, settings }))
}

async function findStored(shelf: Shelf, id: string): Promise<StoredAgent> {
  const row = await findAgent(shelf.db, id)
  if (!row || row.status === 'deleting') throw new NotFoundError('agent', id)
  return opened(shelf, row)
}

function opened(shelf: Shelf, row: AgentRow): StoredAgent {
  return { id: row.id, row, character: unsealed(shelf, row.character, row.secrets) }
}

function unsealed({ box, onSecrets }: Shelf, open: JsonObject, sealed: string | null): Character {
  const secrets = sealed ? box.open(sealed) : null
  if (secrets) onSecrets(secretValues(secrets))
  // Checked when it was stored; a later, stricter schema must not strand an agent.
  return joinSecrets(open as Character, secrets)
}

/**
 * With what never stands in the database: templates that are code, and secrets of the environment. They
 * go by the stored name: a fork's character may call itself as another agent does.
 */
function withCode(shelf: Shelf, stored: StoredAgent, standIn?: Character): Character {
  const character = standIn ?? stored.character
  const { templates = {} } = shelf.code?.get(stored.id) ?? {}
  const secrets = environmentSecrets(stored.row.name, shelf.characterEnv ?? {})
  shelf.onSecrets(Object.values(secrets))
  return {
    ...character,
    ...(Object.keys(templates).length > 0
      ? { templates: { ...character.templates, ...templates } }
      : {}),
    ...(Object.keys(secrets).length > 0 ? { secrets: { ...character.secrets, ...secrets } } : {}),
  }
}

function sealed(box: SecretBox, character: Character) {
  const { open, secrets } = splitSecrets(character)
  const json = open as unknown as JsonObject // parsed from JSON, so it is JSON
  return { name: character.name, character: json, secrets: secrets && box.seal(secrets) }
}

/** ElizaOS's order of `getSetting`: secrets, then settings, then the secrets among the settings. */
function settingsOf({ settings = {}, secrets = {} }: Character): Record<string, unknown> {
  const { secrets: inner, ...rest } = settings
  const innerSecrets = inner !== null && typeof inner === 'object' ? inner : {}
  return { ...innerSecrets, ...rest, ...secrets }
}
