// Brings appended batches to the log file, in order, and says how far it has come. Hot: one queue
// entry per append, one write per round.
//
//   queue   appended, not yet handed to the system
//   flight  one write, or one write and its sync, at a time; what comes meanwhile goes next
//
// Few bytes are written at once, from within the event loop (5 to 8 µs, where the thread pool
// costs 30), unless the disk has just been slow. More bytes go through the pool by reference.
// After one failed write nothing is acknowledged any more (KAFKA-10778).
import type { Clock } from '../platform/clock.ts'
import type { LogContext } from './log-context.ts'
import type { Segment } from './segment.ts'
import type { TailCache } from './tail-cache.ts'
import type { RoundMember } from './write-round.ts'

/** Up to this many bytes are copied together and written synchronously. */
const SYNC_BYTES = 32 * 1024
/** A synchronous write that took longer sends the next ones through the pool for a while. */
const SLOW_WRITE_MS = 2
const SLOW_PERIOD_MS = 200
/** The most in one asynchronous write. */
const FLIGHT_BYTES = 8 * 1024 * 1024
const FLIGHT_BUFFERS = 512

interface QueuedBatch {
  readonly segment: Segment
  readonly position: number
  readonly bytes: Buffer
  readonly startOffset: number
  readonly endOffset: number
  /** The bytes are somebody else's again when they are written: they are not kept for readers. */
  readonly isBorrowed: boolean
}

export interface WriterEvents {
  /** Everything below `endOffset` is written, and synced where that was asked for. */
  onWritten(endOffset: number): void
  onSynced(endOffset: number): void
  onFailure(error: unknown): void
  /** Records that may stay unsynced (flush.messages). */
  maxUnsyncedRecords(): number
  /**
   * A log file is about to appear. A promise, when that has to wait: the names of older files must
   * be durable first, or a power cut could take an older one and leave the newer.
   */
  beforeFile(): Promise<void> | undefined
  /** The log file of `segment` has just appeared in the directory. */
  onFileCreated(segment: Segment): void
  /** Makes the names of the log's files durable, as far as they are not. */
  syncNames(): Promise<void>
}

export class LogWriter implements RoundMember {
  readonly #clock: Clock
  readonly #context: LogContext
  readonly #tail: TailCache
  readonly #events: WriterEvents
  #queue: QueuedBatch[] = []
  #joined = false
  #inFlight = false
  #failed = false
  #slowUntilMs = 0
  /** Written to since the last sync here. */
  #unsynced = new Set<Segment>()
  #syncedOffset: number
  #publishedOffset: number
  #waiters: { readonly offset: number; readonly resolve: () => void }[] = []

  constructor(context: LogContext, tail: TailCache, endOffset: number, events: WriterEvents) {
    this.#context = context
    this.#clock = context.platform.clock
    this.#tail = tail
    this.#events = events
    this.#syncedOffset = endOffset
    this.#publishedOffset = endOffset
  }

  get failed(): boolean {
    return this.#failed
  }

  enqueue(
    segment: Segment,
    position: number,
    bytes: Buffer,
    startOffset: number,
    endOffset: number,
    isBorrowed: boolean,
  ): void {
    this.#queue.push({ segment, position, bytes, startOffset, endOffset, isBorrowed })
    if (this.#joined || this.#inFlight) return
    this.#joined = true
    this.#context.writeRound.join(this)
  }

  /** Resolves once everything below `offset` is published, or the log has failed. */
  published(offset: number): Promise<void> {
    if (this.#publishedOffset >= offset || this.#failed) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ offset, resolve }))
  }

  writeQueued(): void {
    this.#joined = false
    while (this.#queue.length > 0 && !this.#inFlight && !this.#failed) this.#writeNext()
  }

  /** The log was cut to `endOffset`, or begins there; nothing is queued. */
  restartAt(endOffset: number): void {
    this.#unsynced.clear()
    this.#publishedOffset = endOffset
    this.#syncedOffset = Math.min(this.#syncedOffset, endOffset)
  }

  /** Everything below `endOffset` has been synced by somebody else. */
  synced(endOffset: number): void {
    if (endOffset <= this.#syncedOffset) return
    this.#syncedOffset = endOffset
    if (endOffset === this.#publishedOffset && !this.#inFlight) this.#unsynced.clear()
  }

  fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#queue = []
    this.#settle()
    this.#events.onFailure(error)
  }

  #writeNext(): void {
    const count = this.#nextCount()
    const group = this.#queue.splice(0, count)
    const [first] = group
    const last = group.at(-1)
    if (first === undefined || last === undefined) return
    const bytes = last.position + last.bytes.length - first.position
    try {
      const wait = first.position === 0 ? this.#events.beforeFile() : undefined
      if (wait !== undefined) return this.#writeAfter(wait, group)
      if (bytes <= SYNC_BYTES && this.#clock.monotonicMs() >= this.#slowUntilMs) {
        this.#writeNow(first, group)
      } else {
        this.#writeInPool(first, group)
      }
    } catch (error) {
      this.fail(error)
    }
  }

  #writeAfter(wait: Promise<void>, group: readonly QueuedBatch[]): void {
    this.#inFlight = true
    this.#queue.unshift(...group)
    wait.then(
      () => {
        this.#inFlight = false
        if (!this.#failed) this.writeQueued()
      },
      (error: unknown) => {
        this.#inFlight = false
        this.fail(error)
      },
    )
  }

  /** How many queued batches go together: one segment, one run of positions. */
  #nextCount(): number {
    const segment = this.#queue[0]?.segment
    let bytes = 0
    let count = 0
    for (const queued of this.#queue) {
      const tooMuch = count > 0 && bytes + queued.bytes.length > FLIGHT_BYTES
      if (queued.segment !== segment || tooMuch || count === FLIGHT_BUFFERS) break
      bytes += queued.bytes.length
      count += 1
    }
    return count
  }

  #writeNow(first: QueuedBatch, group: readonly QueuedBatch[]): void {
    // A copy: so the tail keeps these bytes only, not the frames that they came in.
    const bytes = Buffer.concat(group.map((queued) => queued.bytes))
    const { file } = first.segment.log
    if (first.position === 0) this.#events.onFileCreated(first.segment)
    const startedMs = this.#clock.monotonicMs()
    file.writeSync(bytes, first.position)
    const endedMs = this.#clock.monotonicMs()
    if (endedMs - startedMs > SLOW_WRITE_MS) this.#slowUntilMs = endedMs + SLOW_PERIOD_MS
    this.#written(group, [bytes])
  }

  #writeInPool(first: QueuedBatch, group: readonly QueuedBatch[]): void {
    const buffers = group.map((queued) => queued.bytes)
    const file = first.segment.log.pin()
    if (first.position === 0) this.#events.onFileCreated(first.segment)
    this.#inFlight = true
    file.writev(buffers, first.position).then(
      () => {
        first.segment.log.unpin()
        this.#inFlight = false
        if (this.#failed) return
        this.#written(group, buffers)
        this.writeQueued()
      },
      (error: unknown) => {
        first.segment.log.unpin()
        this.#inFlight = false
        this.fail(error)
      },
    )
  }

  #written(group: readonly QueuedBatch[], buffers: readonly Buffer[]): void {
    const last = group.at(-1)
    if (last === undefined) return
    this.#unsynced.add(last.segment)
    const records = last.endOffset - this.#syncedOffset
    if (records >= this.#events.maxUnsyncedRecords()) this.#syncThenPublish(group, buffers)
    else this.#publish(group, buffers)
  }

  /** Group commit: one sync for all that the write held. */
  #syncThenPublish(group: readonly QueuedBatch[], buffers: readonly Buffer[]): void {
    this.#inFlight = true
    this.#syncAll().then(
      () => {
        this.#inFlight = false
        if (this.#failed) return
        this.#syncedOffset = group.at(-1)?.endOffset ?? this.#syncedOffset
        this.#publish(group, buffers)
        this.#events.onSynced(this.#syncedOffset)
        this.writeQueued()
      },
      (error: unknown) => {
        this.#inFlight = false
        this.fail(error)
      },
    )
  }

  async #syncAll(): Promise<void> {
    const segments = this.#unsynced
    this.#unsynced = new Set()
    for (const { log } of segments) {
      const file = log.pin()
      try {
        await file.sync()
      } finally {
        log.unpin()
      }
    }
    await this.#events.syncNames()
  }

  #publish(group: readonly QueuedBatch[], buffers: readonly Buffer[]): void {
    const [first] = group
    const last = group.at(-1)
    if (first === undefined || last === undefined) return
    last.segment.readableBytes = last.position + last.bytes.length
    this.#keep(group, buffers)
    this.#publishedOffset = last.endOffset
    this.#events.onWritten(last.endOffset)
    this.#settle()
  }

  /** For readers at the end of the log. One buffer for several batches, or another one, is a copy. */
  #keep(group: readonly QueuedBatch[], buffers: readonly Buffer[]): void {
    for (const [index, queued] of group.entries()) {
      const bytes = buffers[index]
      if (bytes === undefined) break
      if (queued.isBorrowed && bytes === queued.bytes) {
        this.#tail.clear()
        continue
      }
      const end = buffers.length === group.length ? queued.endOffset : group.at(-1)?.endOffset
      this.#tail.append(queued.startOffset, end ?? queued.endOffset, bytes)
    }
  }

  #settle(): void {
    if (this.#waiters.length === 0) return
    const waiting = this.#waiters
    const reached = (offset: number) => this.#failed || offset <= this.#publishedOffset
    this.#waiters = waiting.filter(({ offset }) => !reached(offset))
    for (const { offset, resolve } of waiting) if (reached(offset)) resolve()
  }
}
