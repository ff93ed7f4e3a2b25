// One partition of an internal topic on the broker that leads it: the machine rebuilt from the
// log, and the replies that wait for the log.
//
//   execute: decide -> append (refused: nothing happened) -> apply -> park the effects
//   the high watermark passes an entry -> its effects leave, in the order of the log
//
// Entries park in append order, so their offsets never fall. A decision without events waits
// behind the last write of its key: nobody reads what a failover could take back.
import assert from 'node:assert'
import type { Clock, Millis, Timer } from '../platform/clock.ts'
import { Errors } from '../wire/errors.ts'
import { recordCount } from '../wire/records/batch.ts'
import type { ReplicatedLog } from './replicated-log.ts'
import type { Decision, Keyed, Moment, StateMachine } from './state-machine.ts'

/** Beyond this many unanswered commands a shard refuses new ones. */
const MAX_PARKED = 100_000
/** A deadline whose events the log refuses is tried again after this long. */
const RETRY_MS = 500
/** Settings may name times that no timer can wait for: it then looks again after this long. */
const LONGEST_TIMER_MS = 3_600_000
/** Work that falls due at once is done in portions, so that the loop stays free. */
const MAX_DEADLINES_PER_TURN = 64

export interface ShardSettings<Command extends Keyed, Event, Touch, Effect> {
  readonly clock: Clock
  /** One batch that holds the decision's events; divisible ones may come in several. */
  readonly encode: (decision: Decision<Event, Touch, Effect>, now: Moment) => readonly Buffer[]
  readonly deliver: (effect: Effect) => void
  /** In place of `deliver`: the effect's log position was not committed. */
  readonly fail: (effect: Effect, errorCode: number) => void
  /** Sent to the machine when `nextDeadlineMs` has come. */
  readonly deadlineCommand: Command
  /** How long effects wait for the high watermark before they fail. */
  readonly commitTimeoutMs: number
}

interface Parked<Effect> {
  readonly key: string
  readonly offset: number
  readonly deadlineMs: Millis
  effects: readonly Effect[]
}

export class Shard<Command extends Keyed, Event, Touch, Effect> {
  readonly partition: number
  /** The newest in which this broker is known to lead the partition. */
  leaderEpoch: number
  readonly log: ReplicatedLog
  readonly machine: StateMachine<Command, Event, Touch, Effect>
  readonly #settings: ShardSettings<Command, Event, Touch, Effect>
  #state: 'loading' | 'active' | 'closed' = 'loading'
  #parked: Parked<Effect>[] = []
  #head = 0
  /** The offset that each key's newest uncommitted write has. */
  readonly #uncommitted = new Map<string, number>()
  #lastOffset = -1
  /** The newest record that was replayed: it may not be committed yet either. */
  #replayedOffset = -1
  #timer: Timer | undefined
  #timerAtMs = Infinity
  #retryAtMs = 0
  #unsubscribe: () => void = () => {}

  constructor(
    partition: number,
    leaderEpoch: number,
    log: ReplicatedLog,
    machine: StateMachine<Command, Event, Touch, Effect>,
    settings: ShardSettings<Command, Event, Touch, Effect>,
  ) {
    this.partition = partition
    this.leaderEpoch = leaderEpoch
    this.log = log
    this.machine = machine
    this.#settings = settings
  }

  get isLoading(): boolean {
    return this.#state === 'loading'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** The log has been replayed; commands are served from now on. */
  activate(): void {
    this.#state = 'active'
    this.#replayedOffset = this.log.logEndOffset - 1
    this.#lastOffset = this.#replayedOffset
    this.#unsubscribe = this.log.onHighWatermark((highWatermark) => this.#release(highWatermark))
    this.machine.onLoaded(this.#now())
    this.#arm()
  }

  /** 0, or why the command changed nothing: LOAD_IN_PROGRESS, or the log's own error. */
  handle(command: Command): number {
    if (this.#state === 'loading') return Errors.COORDINATOR_LOAD_IN_PROGRESS
    if (this.#state === 'closed') return Errors.NOT_COORDINATOR
    if (this.#parked.length - this.#head >= MAX_PARKED) return Errors.COORDINATOR_NOT_AVAILABLE
    const error = this.#execute(command, this.#now())
    this.#arm()
    return error
  }

  /** The control record of a transaction is committed in this partition. */
  completeTransaction(producerId: number, committed: boolean): void {
    if (this.#state === 'active') this.machine.completeTransaction(producerId, committed)
  }

  /** Everyone who waits is told `errorCode`; the state is gone. */
  close(errorCode: number): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#timer?.cancel()
    this.#unsubscribe()
    const parked = this.#parked.slice(this.#head)
    this.#parked = []
    this.#head = 0
    this.#uncommitted.clear()
    for (const entry of parked) this.#fail(entry.effects, errorCode)
    for (const effect of this.machine.resign(errorCode)) this.#settings.deliver(effect)
  }

  #now(): Moment {
    const { clock } = this.#settings
    return { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
  }

  #execute(command: Command, now: Moment): number {
    const decision = this.machine.decide(command, now)
    if (decision.events.length > 0) {
      const error = this.#append(decision, now)
      if (error !== 0) return error
    }
    for (const touch of decision.touches) this.machine.touch(touch)
    this.#send(decision.key ?? command.key, decision, now)
    return 0
  }

  /** Appends and applies. After an error the batches before it stand. */
  #append(decision: Decision<Event, Touch, Effect>, now: Moment): number {
    let applied = 0
    for (const batch of this.#settings.encode(decision, now)) {
      const count = recordCount(batch, 0)
      const outcome = this.log.append(batch)
      if (outcome.error !== 0) return outcome.error
      this.#lastOffset = outcome.lastOffset
      let offset = outcome.lastOffset - count + 1
      for (const event of decision.events.slice(applied, applied + count)) {
        this.machine.apply(event, offset++, decision.producer)
      }
      applied += count
    }
    assert(applied === decision.events.length)
    return 0
  }

  #send(key: string, decision: Decision<Event, Touch, Effect>, now: Moment): void {
    const { events, effects } = decision
    const { highWatermark } = this.log
    const wrote = events.length > 0 && this.#lastOffset >= highWatermark
    const saw = this.#replayedOffset >= highWatermark || this.#uncommitted.has(key)
    const waits = wrote || (saw && decision.immediate !== true)
    if (!waits) {
      for (const effect of effects) this.#settings.deliver(effect)
      return
    }
    if (wrote) this.#uncommitted.set(key, this.#lastOffset)
    const deadlineMs = now.monotonicMs + this.#settings.commitTimeoutMs
    this.#parked.push({ key, offset: this.#lastOffset, deadlineMs, effects })
  }

  #release(highWatermark: number): void {
    while (this.#head < this.#parked.length) {
      const entry = this.#parked[this.#head]
      if (entry === undefined || entry.offset >= highWatermark) break
      this.#head++
      if (this.#uncommitted.get(entry.key) === entry.offset) this.#uncommitted.delete(entry.key)
      for (const effect of entry.effects) this.#settings.deliver(effect)
    }
    if (this.#head === this.#parked.length) {
      this.#parked = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#parked.length) {
      this.#parked = this.#parked.slice(this.#head)
      this.#head = 0
    }
  }

  #fail(effects: readonly Effect[], errorCode: number): void {
    for (const effect of effects) this.#settings.fail(effect, errorCode)
  }

  /** When the first parked entry that still has someone waiting gives up. */
  #nextTimeoutMs(): Millis {
    for (let index = this.#head; index < this.#parked.length; index++) {
      const entry = this.#parked[index]
      if (entry !== undefined && entry.effects.length > 0) return entry.deadlineMs
    }
    return Infinity
  }

  #arm(): void {
    if (this.#state !== 'active') return
    const machineMs = Math.max(this.machine.nextDeadlineMs(), this.#retryAtMs)
    const timeoutMs = this.#nextTimeoutMs()
    const nextMs = Math.min(machineMs, timeoutMs)
    // A timer that fires too early only looks again: heartbeats that push a deadline back
    // must not cost a timer each.
    if (nextMs >= this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = nextMs
    const delayMs = Math.ceil(nextMs - this.#settings.clock.monotonicMs())
    const boundedMs = Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS)
    this.#timer = this.#settings.clock.setTimer(boundedMs, () => this.#onTimer())
  }

  #onTimer(): void {
    this.#timer = undefined
    this.#timerAtMs = Infinity
    if (this.#state !== 'active') return
    const now = this.#now()
    this.#timeOut(now.monotonicMs)
    this.#runDeadlines(now)
    this.#arm()
  }

  #timeOut(nowMs: Millis): void {
    for (let index = this.#head; index < this.#parked.length; index++) {
      const entry = this.#parked[index]
      if (entry === undefined || entry.deadlineMs > nowMs) return
      const { effects } = entry
      entry.effects = []
      this.#fail(effects, Errors.REQUEST_TIMED_OUT)
    }
  }

  #runDeadlines(now: Moment): void {
    if (now.monotonicMs < this.#retryAtMs) return
    for (let count = 0; count < MAX_DEADLINES_PER_TURN; count++) {
      if (this.machine.nextDeadlineMs() > now.monotonicMs) return
      const error = this.#execute(this.#settings.deadlineCommand, now)
      if (error !== 0) {
        this.#retryAtMs = now.monotonicMs + RETRY_MS
        return
      }
    }
  }
}
