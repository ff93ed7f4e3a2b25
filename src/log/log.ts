// One partition on disk. Its owner is one Partition; nobody else calls it.
//   logStartOffset ≤ lastStableOffset ≤ highWatermark ≤ logEndOffset ≤ nextOffset
import type { LogConfig } from '../config/topic-config.ts'
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

export declare class Log {
  readonly topic: string
  readonly partition: number
  /** Path of the partition's own directory. */
  get directory(): string
  topicId: string | undefined
  get config(): LogConfig
  updateConfig(config: LogConfig): void
  get logStartOffset(): number
  /** Written (and synced where asked for): readable. */
  get logEndOffset(): number
  /** Assigned to the next record; at or beyond `logEndOffset`. */
  get nextOffset(): number
  get highWatermark(): number
  get lastStableOffset(): number
  get recoveryPoint(): number
  get sizeBytes(): number
  get segmentCount(): number
  /** Called after `logEndOffset` moved, never from within an append. */
  onAdvance: (logEndOffset: number) => void
  /** Called once, after which every append gets KAFKA_STORAGE_ERROR. */
  onFailure: (error: unknown) => void
  appendAsLeader(records: Buffer, options: AppendOptions): AppendResult
  appendAsFollower(records: Buffer): AppendResult
  read(options: ReadOptions): ReadResult | Promise<ReadResult>
  updateHighWatermark(offset: number): number
  abortedTransactions(fromOffset: number, upperOffset: number): AbortedTransaction[]
  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean
  producers(): ActiveProducer[]
  /** -2 earliest, -1 latest, -3 the record with the largest timestamp, else the first at or after. */
  offsetForTimestamp(timestamp: number): Promise<TimestampOffset | undefined>
  /** -1 when none is known. */
  get latestEpoch(): number
  assignEpochStartOffset(epoch: number, startOffset: number): void
  endOffsetForEpoch(epoch: number): EpochEnd
  epochForOffset(offset: number): number
  /** True when something went. */
  truncateTo(offset: number): Promise<boolean>
  truncateFullyAndStartAt(offset: number): Promise<void>
  /** Moves the log start offset (DeleteRecords); OFFSET_OUT_OF_RANGE beyond the high watermark. */
  deleteRecordsBefore(offset: number): number
  /** Follows the leader's log start offset. */
  advanceLogStartOffset(offset: number): void
  applyRetention(nowMs: number): number
  roll(): void
  flush(): Promise<void>
  close(): Promise<void>
}
