/** What a plugin's model returned is not what its type returns. It may be anything: it is not quoted. */
export class WrongShapeError extends Error {
  override readonly name = 'WrongShapeError'

  constructor(expected: string) {
    super(`expected ${expected}`)
  }
}
