import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Ports } from '../../agent/ports.ts'
import { runChat } from '../../cli/chat.ts'
import { type CommandInput, EXIT } from '../../cli/command.ts'
import { createLogger, type RootLogger } from '../../observability/log.ts'
import { freshenFolder } from '../../plugins/load/fresh-modules.ts'
import { modelKeys } from '../../schema/model-settings.ts'
import type { Assembly } from '../assembly.ts'
import { type Closers, createClosers } from '../closers.ts'
import { openDataFolder } from '../data-folder.ts'
import { drainTurns } from '../drain-turns.ts'
import type { HttpServer } from '../http-server.ts'
import { characterPaths, importCharacters } from '../import-characters.ts'
import { openEmbedded } from '../open-embedded.ts'
import { reloadPlugins } from '../reload-plugins.ts'
import { installTemporalRuntime, startApi, startWorker } from '../roles.ts'
import { listenForShutdown, type ShutdownRequest } from '../shutdown.ts'
import { watchCharacters } from '../watch-characters.ts'

/** A word per 40 ms: streaming, and a kill in mid-answer, can then be seen without a key. */
const TERMINAL_TYPING_MS = 40

interface Dev extends CommandInput {
  readonly logger: RootLogger
  readonly closers: Closers
  readonly shutdown: ShutdownRequest
  readonly opensChat: boolean
  readonly dataDir: string
  say(line: string): void
}

/** Everything in one process: API, Worker, database and Temporal dev server; a chat on a terminal. */
export async function run(input: CommandInput): Promise<number> {
  const { config, values, io } = input
  const folder = await openDataFolder(config.dataDir)
  const opensChat = io.isTerminal && values.chat
  const logger = devLogger(input, opensChat, folder.path)
  const closers = createClosers()
  closers.add('data folder', () => folder.release())
  const shutdown = listenForShutdown()
  const say = (line: string) => void io.stderr.write(`${line}\n`)
  try {
    await serve({ ...input, logger, closers, shutdown, opensChat, dataDir: folder.path, say })
    return EXIT.ok
  } finally {
    await closers.close((name, err) => logger.error({ err }, `Could not close: ${name}`))
    shutdown.release()
  }
}

/** With a chat open, log lines go to a file: they would tear its lines apart. */
function devLogger({ config, io }: CommandInput, opensChat: boolean, dataDir: string): RootLogger {
  return createLogger({
    level: config.logLevel,
    pretty: io.stderr.isTTY === true && !opensChat,
    logContent: config.logContent,
    secrets: [
      ...[config.authToken, config.secretSalt, config.postgresUrl].filter((s) => s !== undefined),
      ...modelKeys(config.modelSettings),
    ],
    sink: opensChat ? appendTo(join(dataDir, 'turnkeeper.log')) : undefined,
  })
}

/** Synchronously: the last lines before an end are the ones that are looked for. */
const appendTo = (file: string) => ({
  write: (text: string) => appendFileSync(file, text, { mode: 0o600 }),
})

async function serve(dev: Dev): Promise<void> {
  const { config, closers, shutdown, logger, say, values } = dev
  installTemporalRuntime(logger)
  const typingMs = dev.opensChat ? TERMINAL_TYPING_MS : 0
  const { assembly, uiUrl } = await openEmbedded(dev, {
    hasWorker: true,
    elizaTypingMs: config.elizaTypingMs ?? typingMs,
  })
  const agentIds = await importCharacters(assembly.agents, values.character, say)
  closers.add('character watch', followCharacters(dev, assembly))
  const note = (line: string) => (dev.opensChat ? logger.info(line) : say(line))
  closers.add('plugin watch', reloadPlugins(assembly, note))
  const worker = await startWorker(assembly, config, shutdown.signal)
  if (!worker) return
  closers.add('worker', () => worker.stop())
  closers.add('running turns', () => drainTurns(assembly.db, config.drainMs))
  const { sweepIntervalMs: intervalMs, graceMs } = config
  assembly.sweep({ intervalMs, graceMs, startsWithAll: true })
  const server = await startApi(assembly, {
    loaded: dev.loaded,
    uiUrl,
    environment: 'development',
    closing: shutdown.signal,
  })
  closers.add('http', () => server.close(config.drainMs))
  noteAddress(dev, server)
  const banner = await bannerOf(dev, assembly, server, uiUrl)
  if (!dev.opensChat) say(banner)
  const agentId = values.character.length > 0 ? agentIds[0] : undefined
  const leaving = dev.opensChat ? chat(dev, server, { banner, agentId }) : shutdown.requested
  await Promise.race([leaving, worker.ended])
  say(`Finishing what runs (at most ${config.drainMs / 1000} s); Ctrl-C ends at once.`)
}

/** A character that changed is read anew: turns that run go on, the next one has it. */
function followCharacters({ values, logger }: Dev, { agents }: Assembly): () => void {
  const note = (text: string) => logger.warn(text)
  const paths = characterPaths(values.character)
  return watchCharacters(paths, async () => {
    // A project's files import each other: all of them are read anew.
    for (const path of paths) freshenFolder(resolve(path))
    await importCharacters(agents, values.character, note).catch((err: unknown) =>
      logger.warn({ err }, 'The characters could not be read anew.'),
    )
  })
}

/** For `chat`, `turn` and `doctor` beside this process: the port may not be the usual one. */
function noteAddress({ closers, dataDir }: Dev, { url }: HttpServer): void {
  const file = join(dataDir, 'server.json')
  writeFileSync(file, `${JSON.stringify({ url, pid: process.pid })}\n`, { mode: 0o600 })
  closers.add('server.json', () => rmSync(file, { force: true }))
}

async function bannerOf(
  { dataDir, opensChat }: Dev,
  { ports }: Assembly,
  { url }: HttpServer,
  uiUrl: string | undefined,
): Promise<string> {
  const lines = [
    `API          ${url}`,
    `API docs     ${url}/docs`,
    `Temporal UI  ${uiUrl ?? 'not known (set TURNKEEPER_TEMPORAL_UI_URL)'}`,
    `Model        ${await modelLine(ports)}`,
    `Data         ${dataDir}${opensChat ? '  (log: turnkeeper.log)' : ''}`,
  ]
  return lines.join('\n')
}

const BUILT_IN = 'built-in rule-based ELIZA (set OPENAI_API_KEY or OPENAI_BASE_URL for a real one)'

/** Settings that cannot be used do not stop the house: its agents may have others. */
async function modelLine({ models }: Pick<Ports, 'models'>): Promise<string> {
  try {
    const { vendor, model, isBuiltIn, fallbacks } = await models.describe()
    if (isBuiltIn) return BUILT_IN
    return [`${vendor} ${model}`, ...fallbacks.map((next) => `then ${next}`)].join(', ')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function chat(
  { config, io, dataDir, shutdown, values }: Dev,
  { url }: HttpServer,
  { banner, agentId }: { banner: string; agentId: string | undefined },
): Promise<void> {
  await runChat({
    baseUrl: url,
    apiKey: config.authToken,
    dataDir,
    agentName: values.agent ?? agentId,
    io,
    signal: shutdown.signal,
    banner,
  })
  shutdown.request() // from here on, Ctrl-C ends at once
}
