import { userInfo } from 'node:os'

/** Of the system's user, for the record of who did something. A process may run under a number without a name. */
export function userName(read: () => string = () => userInfo().username): string {
  try {
    return read() || 'cli'
  } catch {
    return 'cli'
  }
}
