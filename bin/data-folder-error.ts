import { DomainError } from '../agent/errors.ts'

/** Another process uses the data folder. */
export class DataFolderInUseError extends DomainError {
  readonly code = 'data_folder_in_use'
  override readonly name = 'DataFolderInUseError'
  readonly path: string
  /** Undefined when the holder took the lock this very moment. */
  readonly pid: number | undefined

  constructor(path: string, holder: { readonly pid: number; readonly since: string } | undefined) {
    const who = holder
      ? `the process ${holder.pid} has used it since ${holder.since}`
      : 'another process has just begun to use it'
    super(
      `The data folder '${path}' is in use: ${who}. Stop that process, or choose another folder ` +
        'with --data-dir or TURNKEEPER_DATA_DIR.',
    )
    this.path = path
    this.pid = holder?.pid
  }
}

/** The data folder cannot be made, written or locked. */
export class DataFolderUnusableError extends DomainError {
  readonly code = 'data_folder_unusable'
  override readonly name = 'DataFolderUnusableError'
  readonly path: string

  constructor(path: string, reason: string, cause?: unknown) {
    super(
      `The data folder '${path}' cannot be used: ${reason}. Make it a folder that you may write ` +
        'to, on a disk with free space, or choose another with --data-dir or TURNKEEPER_DATA_DIR.',
      { cause },
    )
    this.path = path
  }
}
