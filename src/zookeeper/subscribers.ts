// Who wants to hear of something, until they no longer do.

export class Subscribers<T> {
  readonly #listeners = new Set<(value: T) => void>()

  /** Returns a function that removes the listener. */
  add(listener: (value: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(value: T): void {
    for (const listener of this.#listeners) listener(value)
  }
}
