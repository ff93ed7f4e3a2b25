// The controller's one queue: events are handled one after the other, each to its end, so that what
// the controller knows never changes under the hands of another event.

/** The event was dropped because the controller gave up. */
export class EventDropped extends Error {
  constructor() {
    super('the controller has resigned')
    this.name = 'EventDropped'
  }
}

interface Queued {
  readonly name: string
  run(): Promise<void>
  drop(): void
}

export class EventQueue {
  #waiting: Queued[] = []
  #running: Promise<void> | undefined
  readonly #limit: number

  constructor(limit = 100_000) {
    this.#limit = limit
  }

  get length(): number {
    return this.#waiting.length
  }

  /** Handles `event` after those before it; resolves or rejects as it does. */
  run<T>(name: string, event: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    if (this.#waiting.length >= this.#limit) {
      reject(new EventDropped())
      return promise
    }
    this.#waiting.push({
      name,
      run: () => event().then(resolve, reject),
      drop: () => reject(new EventDropped()),
    })
    this.#running ??= this.#work()
    return promise
  }

  /** Drops what waits; the running event goes on. */
  clear(): void {
    const dropped = this.#waiting
    this.#waiting = []
    for (const event of dropped) event.drop()
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #work(): Promise<void> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      await next.run()
    }
    this.#running = undefined
  }
}
