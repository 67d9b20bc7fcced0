/** The database for SQL that is not ours, such as a plugin's. Its sessions are not those of turns. */
export interface ForeignSql {
  /**
   * One session to itself. What `work` leaves open when it throws is rolled back; afterwards its `query`
   * is refused. A statement may take 10 s.
   *
   * @throws the database's error, or that of `work`
   */
  session<T>(work: (query: ForeignQuery) => Promise<T>): Promise<T>
}

/** One statement. Times arrive as the database writes them. */
export type ForeignQuery = (sql: string, parameters: readonly unknown[]) => Promise<ForeignRows>

export interface ForeignRows {
  /** Names of the columns: two may be the same, which is why rows are arrays. */
  readonly fields: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  /** `INSERT`, `COMMIT`, … */
  readonly command: string
  readonly rowCount: number
}

export const FOREIGN_STATEMENT_MS = 10_000
