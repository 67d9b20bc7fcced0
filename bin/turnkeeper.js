#!/usr/bin/env node
// Plain JavaScript that Node 20 can read: on a Node too old for our sources it starts the Node 24
// that npm brought with this package, with the same arguments, and ends as that one ends.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Node 22.12 with TypeScript sources read as they are. */
function runsSources() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isNewEnough = major > 22 || (major === 22 && minor >= 12)
  return isNewEnough && Boolean(process.features.typescript)
}

/** The program of `node-<platform>-<cpu>`, wherever npm put that package; undefined when it is not there. */
function findBundledNode() {
  const system = process.platform === 'win32' ? 'win' : process.platform
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `node-${system}-${process.arch}/package.json`,
    )
    return join(dirname(manifest), 'bin', system === 'win' ? 'node.exe' : 'node')
  } catch {
    return undefined
  }
}

function giveUp(reason) {
  process.stderr.write(
    `turnkeeper: ${reason} Turnkeeper runs on Node 22.18 or newer, and this is ${process.version}. ` +
      "Run 'npm install' without --omit=optional to get a fitting Node, or install a newer one.\n",
  )
  process.exitCode = 1
}

function runWith(node) {
  // The channel tells the child when this process is killed without a chance to pass a signal on.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio })
  child.on('error', (error) => giveUp(`'${node}' could not be started: ${error.message}.`))
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    // A terminal sends Ctrl-C to the child as well; twice would mean "at once".
    const isSentByTerminal = signal === 'SIGINT' && process.stdin.isTTY
    process.on(signal, () => isSentByTerminal || child.kill(signal))
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
    child.channel?.unref()
  })
}

async function runHere() {
  if (process.channel) {
    process.channel.unref()
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  }
  // A reader that went away, as in `turnkeeper config | head -1`, is no error.
  process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const { main } = await import('./cli.ts')
  process.exitCode = await main(process.argv.slice(2))
  // A forgotten handle must not keep a command that has ended alive.
  setTimeout(() => process.exit(), 2000).unref()
}

if (runsSources()) await runHere()
else {
  const node = findBundledNode()
  if (node) runWith(node)
  else giveUp('The Node that comes with this package is not installed.')
}
