import { setTimeout as delay } from 'node:timers/promises'
import type { House } from './house.ts'
import type { Journal } from './journal.ts'
import type { Fault } from './plan.ts'

/** Whoever breaks something mends it: resolves when it is whole again. */
export async function strike(house: House, fault: Fault, journal: Journal): Promise<void> {
  journal.note({ op: 'fault', ...fault })
  switch (fault.fault) {
    case 'postgres':
      return stopPostgres(house, fault)
    case 'temporal':
      return stopTemporal(house, fault)
    case 'platform':
      house.weather.how = fault.how
      await delay(fault.forMs)
      house.weather.how = undefined
      return
    default:
      return strikeProcess(house, fault)
  }
}

type Of<Name extends Fault['fault']> = Extract<Fault, { fault: Name }>

async function strikeProcess(
  { slots }: House,
  fault: Of<'kill' | 'term' | 'pause' | 'cut'>,
): Promise<void> {
  const slot = slots.find(({ name }) => name === fault.who)
  if (!slot) throw new Error(`There is no process '${fault.who}'.`)
  switch (fault.fault) {
    case 'kill':
      return slot.end('SIGKILL', fault.downMs)
    case 'term':
      return slot.end('SIGTERM', fault.downMs)
    case 'pause':
      slot.signal('SIGSTOP')
      await delay(fault.forMs)
      return slot.signal('SIGCONT')
    case 'cut': {
      const wire = slot.wires[fault.wire]
      wire.cut()
      await delay(fault.forMs)
      return wire.mend()
    }
  }
}

async function stopPostgres({ postgres }: House, { how, forMs }: Of<'postgres'>): Promise<void> {
  if (!postgres.isUp()) return
  if (how === 'freeze') {
    const thaw = await postgres.freeze()
    await delay(forMs)
    return thaw()
  }
  await postgres.stop(how)
  await delay(forMs)
  await postgres.start()
}

async function stopTemporal({ temporal }: House, { how, forMs }: Of<'temporal'>): Promise<void> {
  if (!temporal.isUp()) return
  await temporal.stop(how)
  await delay(forMs)
  await temporal.start()
}
