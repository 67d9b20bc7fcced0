import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { createCluster, type WorkerProcess } from '../../orchestrator/cluster.ts'

function clusterHouse(given = {}) {
  const living: { process: WorkerProcess; die: (code: number) => void }[] = []
  const pauses: number[] = []
  const clock = { now: 0 }
  let pid = 100
  const limits = { workers: 2, maxWorkers: 3, autoScale: true, scaleThreshold: 0.8, ...given }
  const cluster = createCluster(limits, {
    spawn() {
      const { promise, resolve } = Promise.withResolvers<number | string>()
      pid += 1
      const entry = {
        process: { pid, ended: promise, end: async () => entry.die(0) },
        die(code: number) {
          living.splice(living.indexOf(entry), 1)
          resolve(code)
        },
      }
      living.push(entry)
      return entry.process
    },
    pause: async (ms) => void pauses.push(ms),
    now: () => clock.now,
    log: { info: () => undefined, warn: () => undefined },
  })
  const pids = () => living.map(({ process }) => process.pid)
  return { cluster, living, pids, pauses, clock }
}

/** The promises of a death go through a few turns of the loop. */
const settled = () => delay(0)

it('starts the workers, and none is left behind by its end', async () => {
  const { cluster, pids } = clusterHouse()
  expect(pids()).toEqual([101, 102])
  await cluster.stop()
  expect(pids()).toEqual([])
  expect(cluster.standing()).toEqual([])
})

it('starts a worker again that died, after pauses that grow until one lived for a minute', async () => {
  const { cluster, living, pids, pauses, clock } = clusterHouse({ workers: 1 })
  for (const ageMs of [0, 0, 0, 60_000]) {
    clock.now += ageMs
    living[0]?.die(1)
    await settled()
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 1_000])
  expect(pids()).toEqual([105])
  expect(cluster.standing()).toEqual([{ pid: 105, restarts: 4 }])
  await cluster.stop()
})

it('adds a worker when the load stays over the threshold, and takes it away when it stays low', async () => {
  const { cluster, pids } = clusterHouse()
  const look = (cpu: number, queued = 0) => cluster.scale({ cpu, queued })
  look(0.9)
  look(0.1) // a moment is no load
  look(0.9)
  expect(pids()).toHaveLength(2)
  look(0.9)
  expect(pids()).toHaveLength(3)
  for (let n = 0; n < 5; n += 1) look(1)
  expect(pids()).toHaveLength(3) // its most
  for (let n = 0; n < 6; n += 1) look(0.1)
  await settled()
  expect(pids()).toHaveLength(2)
  for (let n = 0; n < 20; n += 1) look(0)
  await settled()
  expect(pids()).toHaveLength(2) // its least
  await cluster.stop()
})

it('adds a worker for a long queue, also while the processors idle', async () => {
  const { cluster, pids } = clusterHouse()
  for (let n = 0; n < 2; n += 1) cluster.scale({ cpu: 0.1, queued: 21 })
  expect(pids()).toHaveLength(3)
  await cluster.stop()
})

it('keeps its number without autoScale', async () => {
  const { cluster, pids } = clusterHouse({ autoScale: false })
  for (let n = 0; n < 5; n += 1) cluster.scale({ cpu: 1, queued: 1_000 })
  expect(pids()).toHaveLength(2)
  await cluster.stop()
})
