/** Lets one at a time through, in the order of arrival. */
export class Exclusive {
  readonly #waiting: (() => void)[] = []
  #isHeld = false

  /** Rejects with what `onTimeout` makes when the turn has not come within `timeoutMs`. */
  acquire(timeoutMs: number, onTimeout: () => Error): Promise<void> {
    if (!this.#isHeld) {
      this.#isHeld = true
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1)
        reject(onTimeout())
      }, timeoutMs)
      this.#waiting.push(enter)
    })
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#isHeld = false
  }
}
