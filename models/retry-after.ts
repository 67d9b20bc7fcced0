/**
 * The wait a vendor asks for, in milliseconds: `retry-after-ms`, else `Retry-After` in seconds or as
 * an HTTP date. A date that has passed is 0; undefined when nothing readable is there.
 */
export function retryAfterMs(headers: Headers | undefined): number | undefined {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '')
  if (ms >= 0) return Math.ceil(ms)
  const wish = headers?.get('retry-after')?.trim()
  if (!wish) return undefined
  if (/^\d+(\.\d+)?$/.test(wish)) return Math.ceil(Number(wish) * 1000)
  const at = Date.parse(wish)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}
