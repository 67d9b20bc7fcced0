import type { Role, Seated } from './seated.ts'

/** The processes of a house. */
export interface Crew {
  /** The process under its name; undefined once it was retired. */
  named(name: string): Seated | undefined
  /** URL of the api that works, once it does. */
  apiUrl(): Promise<string>
  /** Starts another in the place of a process, which is left to the caller to end. */
  retire(seat: Seated): Promise<void>
  ready(): Promise<void>
  /** Names of processes that died of something else than us. */
  casualties(): string[]
  /** What every process wrote, those that have ended included. */
  logs(): string
  close(): Promise<void>
}

const WORKERS = 2

export async function openCrew(
  start: (role: Role, name: string) => Promise<Seated>,
): Promise<Crew> {
  let seats: Seated[] = []
  const everyone: Seated[] = []
  const hire = async (role: Role) => {
    const seat = await start(role, `${role}-${everyone.length + 1}`)
    seats.push(seat)
    everyone.push(seat)
  }
  for (const role of ['api', ...Array<Role>(WORKERS).fill('worker')] as const) await hire(role)
  return {
    named: (name) => seats.find((other) => other.name === name),
    apiUrl() {
      const api = seats.find(({ role }) => role === 'api')
      return api ? api.ready : Promise.reject(new Error('No api lives in this house.'))
    },
    async retire(seat) {
      seats = seats.filter((other) => other !== seat)
      await hire(seat.role)
    },
    ready: async () => void (await Promise.all(seats.map((seat) => seat.ready))),
    casualties: () => seats.filter((seat) => seat.diedByItself()).map(({ name }) => name),
    logs: () => everyone.map((seat) => `--- ${seat.name}\n${seat.log()}`).join('\n'),
    close: async () => void (await Promise.all(everyone.map((seat) => seat.end('SIGKILL')))),
  }
}
