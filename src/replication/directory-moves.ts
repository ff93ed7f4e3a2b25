// Moves of partitions between the log directories of this broker (KIP-113, AlterReplicaLogDirs).
//   A move copies while the partition is led or followed as ever. Once level, the copy takes the
//   place of the current log between two appends; if appends never leave a gap, they are refused for
//   that moment, and clients try again.
//   A copy that a stop leaves behind goes on when the partition is led or followed again.
import type { Logs } from '../log/logs.ts'
import { sleep, type Clock } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { LogCopy } from './log-copy.ts'
import type { Partition } from './partition.ts'

export interface DirectoryMovesOptions {
  readonly logs: Logs
  readonly clock: Clock
  readonly logger: Logger
  readonly find: (topic: string, partition: number) => Partition | number
  /** Moves that copy at a time (`num.replica.alter.log.dirs.threads`); null: one per directory. */
  readonly concurrency: number | null
  /** Of all moves together (`replica.alter.log.dirs.io.max.bytes.per.second`). */
  readonly bytesPerSecond: () => number
}

interface Move {
  readonly partition: Partition
  isCancelled: boolean
}

const RETRY_MS = 1_000
/** A pause for the throttle is cut into such, for it may be changed meanwhile. */
const MAX_PAUSE_MS = 1_000
/** How often it is tried to find a gap between appends. */
const GAP_ATTEMPTS = 10

export class DirectoryMoves {
  readonly #options: DirectoryMovesOptions
  readonly #moves = new Map<Partition, Move>()
  readonly #waiting: Move[] = []
  #running = 0
  #nextCopyMs = 0
  #isClosed = false

  constructor(options: DirectoryMovesOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#moves.size
  }

  /** Begins or redirects a move, or ends one when the partition is there already; an error code. */
  move(topic: string, index: number, directory: string): number {
    const { logs, find } = this.#options
    const unusable = logs.checkDirectory(directory)
    if (unusable !== Errors.NONE) return unusable
    const partition = find(topic, index)
    if (typeof partition === 'number') {
      // It may be on its way to this broker, and will lie where it was wished.
      if (partition !== Errors.KAFKA_STORAGE_ERROR) logs.wishDirectory(topic, index, directory)
      return partition === Errors.NOT_LEADER_OR_FOLLOWER ? Errors.REPLICA_NOT_AVAILABLE : partition
    }
    const current = logs.get(topic, index)
    if (current === undefined) return Errors.KAFKA_STORAGE_ERROR
    const future = logs.getFuture(topic, index)
    if (future !== undefined && logs.liesIn(future, directory)) return Errors.NONE
    this.cancel(partition)
    if (logs.liesIn(current, directory)) return Errors.NONE
    try {
      logs.createFuture(topic, index, directory)
    } catch (error) {
      return error instanceof KafkaError ? error.code : Errors.KAFKA_STORAGE_ERROR
    }
    this.resume(partition)
    return Errors.NONE
  }

  /** Goes on with what was begun before, if anything was. */
  resume(partition: Partition): void {
    const { topic, index } = partition
    const future = this.#options.logs.getFuture(topic, index)
    if (future === undefined || this.#moves.has(partition)) return
    const move = { partition, isCancelled: false }
    this.#moves.set(partition, move)
    this.#waiting.push(move)
    this.#work()
  }

  /** The copy goes; the current log stays. */
  cancel(partition: Partition): void {
    const move = this.#moves.get(partition)
    if (move !== undefined) move.isCancelled = true
    this.#moves.delete(partition)
    const { logs, logger } = this.#options
    const { topic, index } = partition
    logs.deleteFuture(topic, index).catch((error: unknown) => {
      logger.error(`Cannot remove the copy of ${topic}-${index}`, error)
    })
  }

  close(): void {
    this.#isClosed = true
    this.#waiting.length = 0
  }

  #work(): void {
    const { logs, concurrency } = this.#options
    while (this.#running < (concurrency ?? logs.liveDirectories.length)) {
      const move = this.#waiting.shift()
      if (move === undefined) return
      this.#running += 1
      void this.#run(move).finally(() => {
        this.#running -= 1
        this.#work()
      })
    }
  }

  async #run(move: Move): Promise<void> {
    const { clock, logger } = this.#options
    const { topic, index } = move.partition
    while (!this.#isOver(move)) {
      try {
        const copy = this.#copyOf(move)
        if (copy === undefined) break
        await this.#copy(move, copy)
        break
      } catch (error) {
        if (this.#isOver(move)) break
        logger.warn(`Cannot copy ${topic}-${index} to another directory yet`, error)
        await sleep(clock, RETRY_MS)
      }
    }
    if (this.#moves.get(move.partition) === move) this.#moves.delete(move.partition)
  }

  #isOver(move: Move): boolean {
    return this.#isClosed || move.isCancelled
  }

  /** Undefined when one of the two has gone with its directory. */
  #copyOf({ partition }: Move): LogCopy | undefined {
    const { logs } = this.#options
    const current = partition.log
    const future = logs.getFuture(partition.topic, partition.index)
    return current && future ? new LogCopy(current, future) : undefined
  }

  async #copy(move: Move, copy: LogCopy): Promise<void> {
    for (let attempts = 0; ; attempts += copy.isClose ? 1 : 0) {
      await this.#approach(move, copy)
      if (this.#isOver(move)) return
      await copy.flush()
      if (this.#isOver(move)) return
      if (copy.isLevel) return this.#takePlace(move, copy)
      if (attempts >= GAP_ATTEMPTS) return this.#takePlaceHeld(move, copy)
    }
  }

  async #approach(move: Move, copy: LogCopy): Promise<void> {
    do {
      const bytes = await copy.step()
      await this.#pauseFor(bytes)
    } while (!this.#isOver(move) && !copy.isClose)
  }

  async #takePlaceHeld(move: Move, copy: LogCopy): Promise<void> {
    await move.partition.truncate(async () => {
      while (!this.#isOver(move) && !copy.isLevel) {
        await copy.step()
        if (!copy.isLevel) await sleep(this.#options.clock, 1)
      }
      if (!this.#isOver(move)) this.#takePlace(move, copy)
    })
  }

  #takePlace({ partition }: Move, copy: LogCopy): void {
    const { logs, logger } = this.#options
    const { topic, index } = partition
    copy.takeOver()
    const log = logs.promoteFuture(topic, index)
    partition.attach(log)
    logger.info(`${topic}-${index} lies in ${log.directory} now, with ${log.sizeBytes} bytes`)
  }

  /** Bytes copied now put off the next ones, of all moves. */
  async #pauseFor(bytes: number): Promise<void> {
    const { clock, bytesPerSecond } = this.#options
    this.#nextCopyMs = Math.max(this.#nextCopyMs, clock.monotonicMs())
    this.#nextCopyMs += (bytes / Math.max(1, bytesPerSecond())) * 1_000
    for (;;) {
      const waitMs = this.#nextCopyMs - clock.monotonicMs()
      if (waitMs < 1 || this.#isClosed) return
      await sleep(clock, Math.min(waitMs, MAX_PAUSE_MS))
    }
  }
}
