// One partition on disk. Its owner is one Partition; nobody else calls it. This class holds the
// public face; what it does lies in append.ts, read.ts, roll.ts, truncate.ts, retention.ts and
// lookup.ts, over one LogState.
//   logStartOffset ≤ lastStableOffset ≤ highWatermark ≤ logEndOffset ≤ nextOffset
import { join } from 'node:path'
import type { LogConfig } from '../config/topic-config.ts'
import { appendAsFollower, appendAsLeader } from './append.ts'
import { replaceFileSync } from './atomic-file.ts'
import { PARTITION_METADATA_FILE } from './file-names.ts'
import { beginClose, endClose, release } from './close.ts'
import { cleanLog } from './clean-log.ts'
import type { CleanLimits, CleanResult, CleanTask } from './clean-log.ts'
import { dirtinessOf } from './dirtiness.ts'
import type { Dirtiness } from './dirtiness.ts'
import { LeaderEpochCache } from './leader-epoch-cache.ts'
import { loadLog } from './load-log.ts'
import type { LoadOptions } from './load-log.ts'
import type { LogContext } from './log-context.ts'
import { placeEpochs, stageEpochs, syncMetadata } from './log-names.ts'
import { LogState } from './log-state.ts'
import type { LogParts } from './log-state.ts'
import type {
  AbortedTransaction,
  ActiveProducer,
  AppendOptions,
  AppendResult,
  EpochEnd,
  ReadOptions,
  ReadResult,
  TimestampOffset,
} from './log-types.ts'
import { abortedTransactions, offsetForTimestamp, offsetsBefore } from './lookup.ts'
import { formatPartitionMetadata } from './partition-metadata.ts'
import { ProducerStates } from './producer-state.ts'
import { LogReader } from './read.ts'
import { advanceLogStart, applyRetention, deleteRecordsBefore } from './retention.ts'
import { flush, rollTo } from './roll.ts'
import { Segment } from './segment.ts'
import { SegmentList } from './segment-list.ts'
import { SnapshotFiles } from './snapshot-files.ts'
import { truncateFullyAndStartAt, truncateTo } from './truncate.ts'

const NOBODY = () => {}

export interface LogOwner {
  /** Called once, after `Log.onFailure`. */
  onFailure(error: unknown): void
  /** Resolves when the lower recovery point is durable. */
  onRecoveryPointLowered(): Promise<void>
  /** Resolves when the log start offset is durable. */
  onLogStartMoved(): Promise<void>
}

const UNOWNED: LogOwner = {
  onFailure: NOBODY,
  onRecoveryPointLowered: () => Promise.resolve(),
  onLogStartMoved: () => Promise.resolve(),
}

export interface NewLogOptions {
  readonly topic: string
  readonly partition: number
  readonly directory: string
  readonly topicId: string | undefined
  readonly config: LogConfig
}

export class Log {
  /** Called after `logEndOffset` moved; never from within an append. */
  onAdvance: (logEndOffset: number) => void = NOBODY
  /** Called once, after which every append gets KAFKA_STORAGE_ERROR. */
  onFailure: (error: unknown) => void = NOBODY
  /** The log directory that it lies in, set by `Logs`. */
  owner: LogOwner = UNOWNED
  readonly #state: LogState
  readonly #reader: LogReader

  constructor(context: LogContext, parts: LogParts) {
    this.#state = new LogState(context, parts, {
      onAdvance: (logEndOffset) => this.onAdvance(logEndOffset),
      onFailure: (error) => {
        this.onFailure(error)
        this.owner.onFailure(error)
      },
      onRecoveryPointLowered: () => this.owner.onRecoveryPointLowered(),
      onLogStartMoved: () => this.owner.onLogStartMoved(),
    })
    this.#reader = new LogReader(this.#state)
  }

  /** Opens an existing directory, recovering what has to be. */
  static async load(context: LogContext, options: LoadOptions): Promise<Log> {
    return new Log(context, await loadLog(context, options))
  }

  /** Makes a directory. The files of records follow with the first of them. */
  static create(context: LogContext, options: NewLogOptions): Log {
    const { disk } = context.platform
    disk.makeDirectorySync(options.directory)
    const segment = new Segment(context, {
      directory: options.directory,
      baseOffset: 0,
      sizeBytes: 0,
      modifiedMs: context.platform.clock.nowMs(),
      isNew: true,
    })
    const log = new Log(context, {
      ...options,
      topicId: undefined,
      segments: new SegmentList([segment]),
      producers: new ProducerStates(),
      snapshots: new SnapshotFiles(disk, options.directory, []),
      epochs: new LeaderEpochCache(),
      logStartOffset: 0,
      logEndOffset: 0,
      recoveryPoint: 0,
      isClean: true,
      namesDurable: false,
    })
    if (options.topicId !== undefined) log.#writeNewMetadata(options.topicId)
    return log
  }

  /** Nothing to keep intact yet: a part of a file that a crash leaves counts as none. */
  #writeNewMetadata(topicId: string): void {
    const { context, directory } = this.#state
    const path = join(directory, PARTITION_METADATA_FILE)
    const file = context.platform.disk.openSync(path, 'create')
    try {
      file.writeSync(Buffer.from(formatPartitionMetadata(topicId)), 0)
    } finally {
      file.closeSync()
    }
    this.#state.topicId = topicId
  }

  get topic(): string {
    return this.#state.topic
  }

  get partition(): number {
    return this.#state.partition
  }

  /** Path of the partition's own directory. */
  get directory(): string {
    return this.#state.directory
  }

  get topicId(): string | undefined {
    return this.#state.topicId
  }

  /** Writes the id to `partition.metadata`. */
  assignTopicId(topicId: string): void {
    if (this.#state.topicId === topicId) return
    const path = join(this.#state.directory, PARTITION_METADATA_FILE)
    const { disk } = this.#state.context.platform
    replaceFileSync(disk, path, formatPartitionMetadata(topicId), { durable: 'content' })
    this.#state.topicId = topicId
  }

  /** Makes the id durable, where a new log has not come to that by itself. */
  async syncTopicId(): Promise<void> {
    if (this.#state.isClosed || this.#state.metadataSynced) return
    try {
      await syncMetadata(this.#state)
    } catch (error) {
      this.#state.writer.fail(error)
    }
  }

  get config(): LogConfig {
    return this.#state.config
  }

  updateConfig(config: LogConfig): void {
    this.#state.config = config
  }

  get logStartOffset(): number {
    return this.#state.logStartOffset
  }

  /** Written (and synced where `flush.messages` asks for it): readable. */
  get logEndOffset(): number {
    return this.#state.logEndOffset
  }

  /** What the next record gets; at or beyond `logEndOffset`. */
  get nextOffset(): number {
    return this.#state.nextOffset
  }

  get highWatermark(): number {
    return this.#state.highWatermark
  }

  get lastStableOffset(): number {
    return this.#state.lastStableOffset
  }

  /** Everything below is known to be durable. */
  get recoveryPoint(): number {
    return this.#state.recoveryPoint
  }

  get sizeBytes(): number {
    return this.#state.segments.sizeBytes()
  }

  get segmentCount(): number {
    return this.#state.segments.length
  }

  get hasFailed(): boolean {
    return this.#state.failed
  }

  /** How long something has been waiting for a flush (`flush.ms`); 0 when nothing is. */
  unflushedForMs(nowMs: number): number {
    const { recoveryPoint, logEndOffset, lastFlushedMs } = this.#state
    return recoveryPoint >= logEndOffset ? 0 : Math.max(0, nowMs - lastFlushedMs)
  }

  /** For checkpoints: whether files alone would tell a lower start after a restart, or a power cut. */
  get needsStartCheckpoint(): boolean {
    const { logStartOffset, namesSynced, namesVersion, removing, segments } = this.#state
    if (removing > 0 || logStartOffset > segments.first.baseOffset) return true
    return logStartOffset > 0 && namesSynced !== namesVersion
  }

  /** Synchronous: checks, assigns offsets, queues. Acknowledge once `logEndOffset > lastOffset`. */
  appendAsLeader(records: Buffer, options: AppendOptions): AppendResult {
    return appendAsLeader(this.#state, records, options)
  }

  /** Batches as a leader sent them, with their offsets and epochs. */
  appendAsFollower(records: Buffer): AppendResult {
    return appendAsFollower(this.#state, records, this.#state.context.platform.clock.nowMs())
  }

  /** Whole batches from `fetchOffset` on: at once when they are in memory. */
  read(options: ReadOptions): ReadResult | Promise<ReadResult> {
    return this.#reader.read(options)
  }

  /** Returns the new high watermark: `offset` within log start and log end. */
  updateHighWatermark(offset: number): number {
    const state = this.#state
    state.highWatermark = Math.max(state.logStartOffset, Math.min(offset, state.logEndOffset))
    state.producers.onHighWatermark(state.highWatermark)
    return state.highWatermark
  }

  abortedTransactions(fromOffset: number, upperOffset: number): AbortedTransaction[] {
    return abortedTransactions(this.#state, fromOffset, upperOffset)
  }

  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    return this.#state.producers.hasOpenTransaction(producerId, producerEpoch)
  }

  producers(): ActiveProducer[] {
    return this.#state.producers.active()
  }

  /** Forgets producers that were silent for `producer.id.expiration.ms`. */
  expireProducers(nowMs: number): void {
    this.#state.producers.expire(nowMs, this.#state.context.producerIdExpirationMs)
  }

  /**
   * The first record at or after `timestamp`. Special values: -2 log start, -1 log end, -3 the first
   * record with the largest timestamp. Undefined: there is none.
   */
  offsetForTimestamp(timestamp: number): Promise<TimestampOffset | undefined> {
    return offsetForTimestamp(this.#state, timestamp)
  }

  /** Offsets where segments begin, and the log end, newest first; see lookup.ts. */
  offsetsBefore(timestamp: number, count: number): number[] {
    return offsetsBefore(this.#state, timestamp, count)
  }

  /** -1 when none is known. */
  get latestEpoch(): number {
    return this.#state.epochs.latestEpoch
  }

  assignEpochStartOffset(epoch: number, startOffset: number): void {
    this.#state.epochs.assign(epoch, startOffset)
  }

  /** As OffsetForLeaderEpoch answers; (-1, -1) when it is not known. */
  endOffsetForEpoch(epoch: number): EpochEnd {
    return this.#state.epochs.endOffsetFor(epoch, this.#state.logEndOffset)
  }

  epochForOffset(offset: number): number {
    return this.#state.epochs.epochForOffset(offset)
  }

  /**
   * Removes every batch that ends at or after `offset`; true when something went. No append until
   * it has resolved. Rejects with KAFKA_STORAGE_ERROR.
   */
  truncateTo(offset: number): Promise<boolean> {
    return truncateTo(this.#state, offset)
  }

  truncateFullyAndStartAt(offset: number): Promise<void> {
    return truncateFullyAndStartAt(this.#state, offset)
  }

  /** DeleteRecords: an error code, OFFSET_OUT_OF_RANGE beyond the high watermark. */
  deleteRecordsBefore(offset: number): number {
    return deleteRecordsBefore(this.#state, offset)
  }

  /** Follows the leader's log start offset. */
  advanceLogStartOffset(offset: number): void {
    advanceLogStart(this.#state, offset)
  }

  /** Removes old segments as the settings ask for; how many. */
  applyRetention(nowMs: number): number {
    return applyRetention(this.#state, nowMs)
  }

  /** What compaction could do here; `cleanedUpTo`: where it has come before. */
  dirtiness(cleanedUpTo: number, nowMs: number): Dirtiness {
    return dirtinessOf(this.#state, cleanedUpTo, nowMs)
  }

  /** Compacts. Rejects with CleaningAborted when the log changed under it. */
  clean(task: CleanTask, limits: CleanLimits): Promise<CleanResult> {
    return cleanLog(this.#state, task, limits)
  }

  /** Begins a new segment, if the active one holds anything. */
  roll(): void {
    const state = this.#state
    if (state.segments.active.sizeBytes === 0) return
    rollTo(state, state.nextOffset, state.context.platform.clock.nowMs())
  }

  /** Makes everything appended so far durable. Rejects with KAFKA_STORAGE_ERROR. */
  flush(): Promise<void> {
    return flush(this.#state)
  }

  /** Writes what is missing on disk and closes the files; no call afterwards. */
  async close(): Promise<void> {
    await this.beginClose()
    await this.endClose(false)
  }

  /** The parts of a close, for many logs together: see close-logs.ts. */
  beginClose(): Promise<boolean> {
    return beginClose(this.#state)
  }

  stageEpochs(): void {
    stageEpochs(this.#state)
  }

  placeEpochs(): void {
    placeEpochs(this.#state)
  }

  endClose(isDurable: boolean): Promise<void> {
    return endClose(this.#state, isDurable)
  }

  /** The log directory has gone bad: nothing is written, nor acknowledged, any more. */
  fail(error: unknown): void {
    this.#state.writer.fail(error)
  }

  /** Closes the files without writing: the directory is about to be removed. */
  async abandon(): Promise<void> {
    this.#state.isClosed = true
    await this.#state.writer.published(this.#state.nextOffset)
    await this.#state.background
    release(this.#state)
  }

  /** The directory has got another name. */
  movedTo(directory: string): void {
    this.#state.directory = directory
    this.#state.snapshots.movedTo(directory)
    for (const segment of this.#state.segments.all) segment.movedTo(directory)
  }
}
