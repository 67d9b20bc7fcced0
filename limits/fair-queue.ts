/** Who waits, in lines: one per room, grouped by agent. */
export interface FairQueue<Item> {
  readonly size: number
  add(place: Place, item: Item): void
  /** Whether it was still there. */
  remove(place: Place, item: Item): boolean
  /** Who is next; `shift` takes it out and gives the turn to the next room and agent. */
  peek(): Item | undefined
  shift(): Item | undefined
  /**
   * Makes room for a newcomer: takes out the last of the longest line, if the newcomer's agent, or its
   * room within the agent, has fewer there. Undefined: the newcomer has no better claim than anybody.
   */
  displaceFor(newcomer: Place): Item | undefined
}

/** Where somebody waits. */
export interface Place {
  readonly agentId: string
  readonly roomId: string
}

/** Agents take turns, rooms within an agent take turns, and in a room the first comes first. */
export function createFairQueue<Item>(): FairQueue<Item> {
  // In the order of turns: whoever had one goes to the end.
  const agents = new Map<string, Map<string, Item[]>>()
  let size = 0
  const next = () => {
    for (const [agentId, rooms] of agents) {
      for (const [roomId, line] of rooms) return { place: { agentId, roomId }, rooms, line }
    }
    return undefined
  }
  const leave = ({ agentId, roomId }: Place) => {
    const rooms = agents.get(agentId)
    if (rooms?.get(roomId)?.length === 0) rooms.delete(roomId)
    if (rooms?.size === 0) agents.delete(agentId)
    size -= 1
  }
  return {
    get size() {
      return size
    },
    add({ agentId, roomId }, item) {
      const rooms = agents.get(agentId) ?? new Map<string, Item[]>()
      const line = rooms.get(roomId) ?? []
      line.push(item)
      rooms.set(roomId, line)
      agents.set(agentId, rooms)
      size += 1
    },
    remove(place, item) {
      const line = agents.get(place.agentId)?.get(place.roomId)
      const index = line?.indexOf(item) ?? -1
      if (index < 0) return false
      line?.splice(index, 1)
      leave(place)
      return true
    },
    peek: () => next()?.line[0],
    shift() {
      const turn = next()
      if (!turn) return undefined
      const { place, rooms, line } = turn
      const item = line.shift()
      toEnd(rooms, place.roomId)
      toEnd(agents, place.agentId)
      leave(place)
      return item
    },
    displaceFor(newcomer) {
      const place = longestLine(agents, newcomer)
      if (!place) return undefined
      const item = agents.get(place.agentId)?.get(place.roomId)?.pop()
      leave(place)
      return item
    },
  }
}

function toEnd<Value>(map: Map<string, Value>, key: string): void {
  const value = map.get(key)
  map.delete(key)
  if (value !== undefined) map.set(key, value)
}

type Lines = ReadonlyMap<string, readonly unknown[]>

/** The line that has to give way to a newcomer, if there is one. */
function longestLine(agents: ReadonlyMap<string, Lines>, newcomer: Place): Place | undefined {
  const [agentId, rooms] = longest(agents, countOf)
  if (!rooms || agentId === undefined) return undefined
  const mine = agents.get(newcomer.agentId)
  const isOther = countOf(rooms) > (mine ? countOf(mine) : 0) + 1
  const [roomId, line] = longest(isOther ? rooms : (mine ?? rooms), (one) => one.length)
  if (!line || roomId === undefined) return undefined
  if (isOther) return { agentId, roomId }
  const own = mine?.get(newcomer.roomId)?.length ?? 0
  return mine && line.length > own + 1 ? { agentId: newcomer.agentId, roomId } : undefined
}

const countOf = (rooms: Lines): number => {
  let count = 0
  for (const line of rooms.values()) count += line.length
  return count
}

function longest<Value>(map: ReadonlyMap<string, Value>, sizeOf: (value: Value) => number) {
  let found: readonly [string, Value] | readonly [] = []
  let most = 0
  for (const entry of map) {
    const size = sizeOf(entry[1])
    if (size > most) {
      found = entry
      most = size
    }
  }
  return found
}
