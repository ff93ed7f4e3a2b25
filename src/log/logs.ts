// All log directories of a broker: locks, meta.properties, checkpoints, loading, schedules.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { LogConfig } from '../config/topic-config.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Log } from './log.ts'

export interface LogsOptions {
  readonly platform: Platform
  readonly logger: Logger
  readonly metrics: Metrics
  readonly config: BrokerConfig
  /** The `log.dirs`. */
  readonly directories: readonly string[]
  /** -1: the broker has none yet; `Logs.brokerId` tells the one found in meta.properties. */
  readonly brokerId: number
  readonly clusterId: string
  /** The settings of a topic, with its overrides. */
  readonly topicConfig: (topic: string) => LogConfig
}

export interface LogDirectoryDescription {
  readonly path: string
  /** 0 or KAFKA_STORAGE_ERROR. */
  readonly error: number
  readonly logs: readonly {
    readonly topic: string
    readonly partition: number
    readonly sizeBytes: number
    readonly logEndOffset: number
    readonly isFuture: boolean
  }[]
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export declare class Logs {
  static open(options: LogsOptions): Promise<Logs>
  get(topic: string, partition: number): Log | undefined
  getOrCreate(
    topic: string,
    partition: number,
    topicId: string | undefined,
    options?: { readonly isNew?: boolean; readonly directory?: string },
  ): Log
  delete(topic: string, partition: number): Promise<void>
  all(): Iterable<Log>
  get liveDirectories(): readonly string[]
  get offlineDirectories(): readonly string[]
  onDirectoryFailure(
    listener: (directory: string, partitions: readonly TopicPartition[]) => void,
  ): void
  highWatermarkCheckpoint(topic: string, partition: number): number
  /** Applies a changed configuration to the open logs of a topic. */
  updateTopicConfig(topic: string): void
  describeDirectories(): LogDirectoryDescription[]
  start(): void
  close(): Promise<void>
}
