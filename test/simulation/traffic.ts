// When producers send: in bursts, with quiet stretches in between, in which a cluster settles and
// nothing costs time. What is under way when a burst ends is finished.
export class Traffic {
  #isFlowing = false
  #waiting: (() => void)[] = []

  begin(): void {
    this.#isFlowing = true
    for (const goOn of this.#waiting.splice(0)) goOn()
  }

  end(): void {
    this.#isFlowing = false
  }

  /** Resolves while a burst lasts. */
  flowing(): Promise<void> {
    if (this.#isFlowing) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
