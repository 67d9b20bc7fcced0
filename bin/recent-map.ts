/** The last `limit` values by key; the one that was not read or written for the longest leaves first. */
export function createRecentMap<Value>(limit: number) {
  const values = new Map<string, Value>()
  const put = (key: string, value: Value) => {
    values.delete(key)
    values.set(key, value)
    const [oldest] = values.keys()
    if (values.size > limit && oldest !== undefined) values.delete(oldest)
  }
  return {
    put,
    delete: (key: string) => void values.delete(key),
    get(key: string): Value | undefined {
      const value = values.get(key)
      if (value !== undefined) put(key, value)
      return value
    },
  }
}
