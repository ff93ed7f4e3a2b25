// What one log consists of. `Log` owns it; the functions in append.ts, flush.ts, truncate.ts,
// retention.ts and lookup.ts each change one aspect of it.
//   logStartOffset ≤ highWatermark ≤ logEndOffset ≤ nextOffset, recoveryPoint ≤ logEndOffset
import type { LogConfig } from '../config/topic-config.ts'
import type { Timer } from '../platform/clock.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import type { LeaderEpochCache } from './leader-epoch-cache.ts'
import type { LogContext } from './log-context.ts'
import { makeNamesDurable, namesPending } from './log-names.ts'
import { LogWriter } from './log-writer.ts'
import type { ProducerStates } from './producer-state.ts'
import type { Segment } from './segment.ts'
import type { SegmentList } from './segment-list.ts'
import type { SnapshotFiles } from './snapshot-files.ts'
import { TailCache } from './tail-cache.ts'

const DONE = Promise.resolve()

export interface LogHooks {
  /** More of the log has become readable. Never called from within an append. */
  onAdvance(logEndOffset: number): void
  /** A file operation failed; called once, after which every append is refused. */
  onFailure(error: unknown): void
  /** The recovery point has gone back: must be durable before what lies above it is cut. */
  onRecoveryPointLowered(): Promise<void>
  /** The log start has moved: must be durable before the files below it go. */
  onLogStartMoved(): Promise<void>
}

export interface LogParts {
  readonly topic: string
  readonly partition: number
  readonly directory: string
  readonly topicId: string | undefined
  readonly config: LogConfig
  readonly segments: SegmentList
  readonly producers: ProducerStates
  readonly snapshots: SnapshotFiles
  readonly epochs: LeaderEpochCache
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly recoveryPoint: number
  /** The files say all that is known: a close has nothing to write. */
  readonly isClean: boolean
  /** The names of directory and files are known to be durable. */
  readonly namesDurable: boolean
}

/** A segment that is complete, and the producers' state at its end. */
export interface RolledSegment {
  readonly segment: Segment
  readonly endOffset: number
  readonly snapshot: Buffer
}

export class LogState {
  readonly context: LogContext
  readonly topic: string
  readonly partition: number
  directory: string
  topicId: string | undefined
  config: LogConfig
  readonly segments: SegmentList
  readonly producers: ProducerStates
  readonly snapshots: SnapshotFiles
  readonly epochs: LeaderEpochCache
  readonly tail: TailCache
  readonly writer: LogWriter
  readonly hooks: LogHooks
  logStartOffset: number
  logEndOffset: number
  nextOffset: number
  highWatermark: number
  recoveryPoint: number
  /** Counts truncations and removals of segments: a read that met one looks again. */
  generation = 0
  /** Removals of old segments whose files may still be found after a crash. */
  removing = 0
  /** Of `epochs.version`: what the checkpoint file holds; -1: none, or an older one. */
  epochsPersisted: number
  isClean: boolean
  namesVersion = 1
  namesSynced: number
  metadataSynced: boolean
  /** Durability work is done in order: every step begins when the one before has ended. */
  background: Promise<void> = DONE
  /** The work of `makeNamesDurable`, one at a time. */
  naming: Promise<void> = DONE
  /** Rolled segments whose indexes are still to be made durable, oldest first. */
  readonly unfinished: Segment[] = []
  /** Of files that wait for `file.delete.delay.ms`; what is left at a stop goes after the start. */
  readonly removals = new Set<Timer>()
  /** When the recovery point moved last. */
  lastFlushedMs: number
  rollJitterMs: number
  isClosed = false
  /** Paths of small files that a close under way has written; undefined: nothing to make durable. */
  closing: readonly string[] | undefined

  constructor(context: LogContext, parts: LogParts, hooks: LogHooks) {
    this.context = context
    this.topic = parts.topic
    this.partition = parts.partition
    this.directory = parts.directory
    this.topicId = parts.topicId
    this.config = parts.config
    this.segments = parts.segments
    this.producers = parts.producers
    this.snapshots = parts.snapshots
    this.epochs = parts.epochs
    this.logStartOffset = parts.logStartOffset
    this.logEndOffset = parts.logEndOffset
    this.nextOffset = parts.logEndOffset
    this.highWatermark = parts.logStartOffset
    this.recoveryPoint = parts.recoveryPoint
    this.isClean = parts.isClean
    this.namesSynced = parts.namesDurable ? this.namesVersion : 0
    this.metadataSynced = parts.namesDurable
    this.epochsPersisted = parts.isClean ? parts.epochs.version : -1
    this.lastFlushedMs = context.platform.clock.nowMs()
    this.hooks = hooks
    this.tail = new TailCache(context.tailMemory)
    this.writer = new LogWriter(context, this.tail, parts.logEndOffset, {
      onWritten: (endOffset) => this.#onWritten(endOffset),
      onSynced: (endOffset) => this.advanceRecoveryPoint(endOffset),
      onFailure: (error) => hooks.onFailure(error),
      maxUnsyncedRecords: () => this.config.flushMessages,
      beforeFile: () => (this.#isOnlyFile() ? undefined : namesPending(this)),
      onFileCreated: (segment) => {
        this.namesVersion += 1
        if (this.config.preallocate) segment.preallocate(this.config.segmentBytes)
      },
      syncNames: () => makeNamesDurable(this),
    })
    this.rollJitterMs = this.drawRollJitter()
  }

  get name(): string {
    return `${this.topic}-${this.partition}`
  }

  get failed(): boolean {
    return this.writer.failed
  }

  get lastStableOffset(): number {
    const unstable = this.producers.firstUnstableOffset
    if (unstable < 0 || unstable >= this.highWatermark) return this.highWatermark
    return Math.max(unstable, this.logStartOffset)
  }

  /** Never past a segment whose indexes are not durable: they would be believed. */
  advanceRecoveryPoint(offset: number): void {
    const limited = Math.min(offset, this.unfinished[0]?.baseOffset ?? offset)
    if (limited <= this.recoveryPoint) return
    this.recoveryPoint = limited
    this.lastFlushedMs = this.context.platform.clock.nowMs()
  }

  /** A part of `segment.ms`, drawn again for each segment, so that not all roll at once. */
  drawRollJitter(): number {
    const limit = Math.min(this.config.segmentJitterMs, this.config.segmentMs)
    if (limit <= 0) return 0
    return Math.floor((this.context.platform.random.uint32() / 2 ** 32) * limit)
  }

  /** Throws once the log has failed. */
  requireHealthy(): void {
    if (this.failed) {
      throw new KafkaError(Errors.KAFKA_STORAGE_ERROR, `${this.name}: the log has failed`)
    }
  }

  #isOnlyFile(): boolean {
    return this.segments.length === 1
  }

  #onWritten(endOffset: number): void {
    this.logEndOffset = endOffset
    try {
      this.hooks.onAdvance(endOffset)
    } catch (error) {
      // Not the disk's fault: the directory stays online.
      this.context.logger.error(`${this.name}: what waits for offset ${endOffset} failed`, error)
    }
  }
}
