// Collects the logs that got records while the event loop handled its I/O, and lets each write
// once when it is done with that: requests that arrived together share a write.
import type { Clock } from '../platform/clock.ts'

export interface RoundMember {
  /** Writes what is queued. Must not throw. */
  writeQueued(): void
}

export class WriteRound {
  readonly #clock: Clock
  #members: RoundMember[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Every member once per round: members remember that they have joined. */
  join(member: RoundMember): void {
    if (this.#members.length === 0) this.#clock.defer(() => this.#run())
    this.#members.push(member)
  }

  #run(): void {
    const members = this.#members
    this.#members = []
    for (const member of members) member.writeQueued()
  }
}
