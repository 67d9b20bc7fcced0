const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH'],
  ...['ENETUNREACH', 'EPIPE'],
  // Shutting down, crashed, starting up; idle in a transaction for too long: the session is gone.
  ...['57P01', '57P02', '57P03', '25P03'],
  // A lock was not given within `lock_timeout`.
  '55P03',
])
// `pg` and its pool report these without a code.
const CODELESS =
  /timeout exceeded when trying to connect|^Connection terminated|is not queryable|^timeout expired/

/**
 * Whether the database cannot be reached, or has no room for us just now: connections, disk, memory,
 * a lock. Nothing of the transaction was written, unless the connection broke during its commit.
 */
export function isUnavailable(error: unknown): boolean {
  if (!isErrorLike(error)) return false
  const code = codeOf(error)
  // Class 08 is the connection, class 53 insufficient resources.
  if (code !== undefined && (UNREACHABLE.has(code) || /^(08|53)...$/.test(code))) return true
  if (CODELESS.test(error.message)) return true
  // An address with several hosts fails with all their errors.
  return isUnavailable(error.cause) || (error.errors?.some(isUnavailable) ?? false)
}

/** SQLSTATE, or the code of the failed system call. */
export function codeOf(error: unknown): string | undefined {
  return isErrorLike(error) && typeof error.code === 'string' ? error.code : undefined
}

interface ErrorLike {
  readonly message: string
  readonly code?: unknown
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** Not `instanceof`: errors of Node's own modules belong to another realm under a test runner. */
function isErrorLike(error: unknown): error is ErrorLike {
  if (typeof error !== 'object' || error === null || !('message' in error)) return false
  return typeof error.message === 'string' && (!('errors' in error) || Array.isArray(error.errors))
}

const TRIES = 5
const FIRST_PAUSE_MS = 10

/**
 * Runs `work` again, up to 5 times in all, when Postgres ended its transaction in favour of another
 * one (deadlock `40P01`, serialization `40001`). Nothing else is repeated. `work` must be the whole
 * transaction; the pauses double and are random, so that two rivals do not meet again.
 */
export async function withRetry<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === TRIES || !lostToAnother(error)) throw error
      const pauseMs = FIRST_PAUSE_MS * 2 ** attempt * Math.random()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

function lostToAnother(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40P01' || code === '40001'
}
