/**
 * A Map that forgets what was put first when it is full. A real Map, with a `set` of its own: plugins
 * write to it, and code that holds it must not need to know.
 */
export function boundedMap<Value>(limit: number): Map<string, Value> {
  const map = new Map<string, Value>()
  const set = map.set.bind(map)
  map.set = (key, value) => {
    map.delete(key)
    set(key, value)
    const [oldest] = map.keys()
    if (map.size > limit && oldest !== undefined) map.delete(oldest)
    return map
  }
  return map
}
