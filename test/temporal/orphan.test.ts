import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { freePortFrom } from '../../temporal/free-port.ts'
import { identify } from '../../temporal/process-table.ts'
import { writeServerRecord } from '../../temporal/server-record.ts'
import { devServerRig, isAlive, until } from './dev-server-rig.ts'

const rig = devServerRig()

/** Only Linux tells; elsewhere the signal is trusted. */
function isStopped(pid: number): boolean {
  const status = `/proc/${pid}/status`
  return !existsSync(status) || /^State:\s+T/m.test(readFileSync(status, 'utf8'))
}

describe('the end of the parent', () => {
  it('ends the server when it is orderly', async () => {
    const { parent, pid } = await rig.startFromParent()
    parent.write('exit')
    await once(parent.child, 'exit')
    expect(await until(() => !isAlive(pid), 2_000)).toBe(true)
  })

  it('by SIGKILL leaves the server, which the next start adopts and can stop', async () => {
    const { parent, pid, address } = await rig.startFromParent()
    await parent.kill('SIGKILL')
    expect(isAlive(pid)).toBe(true)

    const server = await rig.start()
    expect(server).toMatchObject({ adopted: true, pid, address })
    await server.stop()
    expect(isAlive(pid)).toBe(false)
    expect((await rig.start()).adopted).toBe(false)
  })

  it('by SIGKILL leaves a server that is ended when other ports are asked for', async () => {
    const { parent, pid } = await rig.startFromParent()
    await parent.kill('SIGKILL')
    const server = await rig.start({
      port: await freePortFrom(0, '127.0.0.1'),
      uiPort: await freePortFrom(0, '127.0.0.1'),
      portsAreExplicit: true,
    })
    expect(server.adopted).toBe(false)
    expect(isAlive(pid)).toBe(false)
  })

  it('by SIGKILL leaves a server that is ended when it does not answer', async () => {
    const { parent, pid } = await rig.startFromParent()
    await parent.kill('SIGKILL')
    process.kill(pid, 'SIGSTOP')
    // On a busy machine its threads run on for a while, and may even answer.
    expect(await until(() => isStopped(pid), 5_000)).toBe(true)
    const server = await rig.start()
    expect(server.adopted).toBe(false)
    expect(server.pid).not.toBe(pid)
    expect(isAlive(pid)).toBe(false)
  })
})

describe('a process that is not our orphan', () => {
  /** A stranger with the given arguments, and its identity. */
  async function stranger(args: readonly string[] = []) {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60000)', ...args])
    await once(child, 'spawn')
    const identity = identify(child.pid ?? 0)
    if (!identity) throw new Error('The stranger did not start.')
    return { child, identity }
  }

  const recorded = (identity: { pid: number; startedAt: string }) => {
    const place = { databaseFile: rig.databaseFile(), ip: '127.0.0.1', port: 1, uiPort: 2 }
    writeServerRecord(join(rig.dataDir, 'temporal'), { ...identity, ...place, settings: [] })
  }

  it('is left alone when only pid and start time match', async () => {
    rig.putDatabase()
    const { child, identity } = await stranger()
    recorded(identity)
    expect((await rig.start()).adopted).toBe(false)
    expect(isAlive(identity.pid)).toBe(true)
    child.kill('SIGKILL')
  })

  it('is left alone when only pid and data folder match', async () => {
    rig.putDatabase()
    const { child, identity } = await stranger([rig.databaseFile()])
    recorded({ ...identity, startedAt: 'another time' })
    expect((await rig.start()).adopted).toBe(false)
    expect(isAlive(identity.pid)).toBe(true)
    child.kill('SIGKILL')
  })

  it('is named, and stops the start, when it is an unrecorded server on our file', async () => {
    rig.putDatabase()
    const { child, identity } = await stranger(['start-dev', rig.databaseFile()])
    await expect(rig.start()).rejects.toThrow(`The process ${identity.pid} has Temporal's database`)
    expect(isAlive(identity.pid)).toBe(true)
    child.kill('SIGKILL')
  })
})
