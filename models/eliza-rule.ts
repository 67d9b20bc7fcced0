/**
 * One rule of the 1966 technique: a keyword with a rank, ways to take a clause with it apart, and
 * ways to put an answer together from the parts.
 */
export interface ElizaRule {
  /** Shown in the thought. */
  readonly keyword: string
  /** The highest rank in a message wins; among equals the earlier rule. */
  readonly rank: number
  /** Tried in order. */
  readonly patterns: readonly ElizaPattern[]
}

export interface ElizaPattern {
  /** Matched against one clause, contractions expanded, without punctuation at its end. */
  readonly match: RegExp
  /**
   * `{1}` is the first group with its pronouns turned around, `{agent}` the character's name,
   * `{name}` the person's. A reply with a part that is not known is left out.
   */
  readonly replies: readonly string[]
  /** Said later, when nothing else comes to mind. */
  readonly later?: readonly string[]
}
