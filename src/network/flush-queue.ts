// Answers that become ready in one turn of the event loop leave with one write per connection.
import type { Clock } from '../platform/clock.ts'

export interface Flushable {
  flush(): void
}

export class FlushQueue {
  readonly #clock: Clock
  #waiting: Flushable[] = []
  #running: Flushable[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `flush` once at the end of this turn; the caller asks once a turn. */
  schedule(connection: Flushable): void {
    if (this.#waiting.length === 0) this.#clock.defer(this.#run)
    this.#waiting.push(connection)
  }

  readonly #run = (): void => {
    const due = this.#waiting
    this.#waiting = this.#running
    this.#running = due
    for (let index = 0; index < due.length; index += 1) due[index]!.flush()
    due.length = 0
  }
}
