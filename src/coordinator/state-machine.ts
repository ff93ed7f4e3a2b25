// The shape of everything that lives in a log of an internal topic: it decides without changing
// anything, and changes without deciding. The same `apply` runs live and in replay, so a new
// leader that reads the log arrives at the same state.
import type { Millis } from '../platform/clock.ts'

/** One instant on both clocks. Deadlines count on the monotonic one, which never jumps. */
export interface Moment {
  /** What is written into records: milliseconds since 1970. */
  readonly wallMs: Millis
  readonly monotonicMs: Millis
}

/** The idempotent producer whose open transaction a batch belongs to. */
export interface Producer {
  readonly id: number
  readonly epoch: number
}

/** What one command leads to. Nothing of it has happened until the runtime carries it out. */
export interface Decision<Event, Touch, Effect> {
  /** Appended as one batch, then applied, all or none. */
  readonly events: readonly Event[]
  /** Applied after the events and never written: what a restart may forget. */
  readonly touches: readonly Touch[]
  /** Sent once the events, and what the same key wrote before, are committed. */
  readonly effects: readonly Effect[]
  /** The effects tell nothing that a failover could take back, so they leave at once. */
  readonly immediate?: boolean
  /** What the decision is about, when the command does not say it (a deadline). */
  readonly key?: string
  /** The events become visible only when this producer's transaction commits. */
  readonly producer?: Producer | undefined
  /** The events mean the same when a failure leaves only the first of them in the log. */
  readonly isDivisible?: boolean
}

/** A command; `key` names the part of the state (a group, a transactional id) it is about. */
export interface Keyed {
  readonly key: string
}

export interface StateMachine<Command extends Keyed, Event, Touch, Effect> {
  decide(command: Command, now: Moment): Decision<Event, Touch, Effect>
  /** `offset` is the record's place in the log. */
  apply(event: Event, offset: number, producer: Producer | undefined): void
  touch(touch: Touch): void
  /** A transaction's control record: its pending events become visible or vanish. */
  completeTransaction(producerId: number, committed: boolean): void
  /** Monotonic time of the next deadline command; Infinity when nothing will be due. */
  nextDeadlineMs(): Millis
  /** Replay is over, time starts to count. */
  onLoaded(now: Moment): void
  /** Leadership is lost: what everyone who waits inside the machine is told. */
  resign(errorCode: number): readonly Effect[]
}
