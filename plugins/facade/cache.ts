import type { Access } from './access.ts'
import { toJson } from './json.ts'
import type { CacheMembers } from './record-members.ts'

/** JSON values: dates come back as text. */
export function cacheMembers(access: Access): CacheMembers {
  return {
    async getCache<T>(key: string): Promise<T | undefined> {
      // What is stored is what the plugin itself put there.
      return (await access.records().cached(key)) as T | undefined
    },
    async setCache(key, value) {
      const json = toJson(value, `the cached value '${key}'`) ?? null
      await access.write({ kind: 'cache.put', key, value: json })
      return true
    },
    async deleteCache(key) {
      await access.write({ kind: 'cache.delete', key })
      return true
    },
  }
}
