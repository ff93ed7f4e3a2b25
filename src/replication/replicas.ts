// All partitions of this broker: what the controller's requests do to them, and the entry for
// producers and readers.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { AppendOrigin, AppendResult } from '../log/log-types.ts'
import type { Logs } from '../log/logs.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { LeaderAndIsrRequest } from '../wire/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest } from '../wire/messages/05-stop-replica.ts'
import type { FetchOptions, FetchResult, FetchTarget, WaitingOperation } from './fetch-types.ts'
import type { IsrWriter } from './partition-state.ts'
import type { Partition } from './partition.ts'

export interface ReplicasOptions {
  readonly brokerId: number
  readonly config: BrokerConfig
  readonly platform: Platform
  readonly logger: Logger
  readonly metrics: Metrics
  readonly logs: Logs
  readonly metadata: MetadataCache
  readonly isrWriter: IsrWriter
  /** Of this broker, as registered; -1 before. */
  readonly brokerEpoch: () => number
}

/** One partition of a Produce request. */
export interface ProduceTarget {
  readonly topic: string
  readonly partition: number
  readonly records: Buffer
}

export interface ProduceOptions {
  readonly acks: number
  readonly timeoutMs: number
  readonly requestVersion: number
  readonly origin: AppendOrigin
  readonly internalTopicsAllowed: boolean
}

export interface PartitionError {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly error: number
}

export interface LeadershipChanges {
  /** Of the whole request: 0, STALE_CONTROLLER_EPOCH, STALE_BROKER_EPOCH. */
  readonly error: number
  readonly partitions: readonly PartitionError[]
  readonly becameLeader: readonly Partition[]
  readonly becameFollower: readonly Partition[]
}

export interface ReplicaStops {
  readonly error: number
  readonly partitions: readonly PartitionError[]
  /** No longer replicas of this broker. */
  readonly stopped: readonly { readonly topic: string; readonly partition: number }[]
}

export declare class Replicas {
  constructor(options: ReplicasOptions)
  /** Highest seen in any request of a controller. */
  get controllerEpoch(): number
  /** 0 or STALE_CONTROLLER_EPOCH; also used for UpdateMetadata. */
  admitController(controllerEpoch: number): number
  leaderAndIsr(request: LeaderAndIsrRequest): LeadershipChanges
  /** Deletions of logs go on in the background. */
  stopReplica(request: StopReplicaRequest): ReplicaStops
  get(topic: string, partition: number): Partition | undefined
  all(): Iterable<Partition>
  /** The partition, or KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER, UNKNOWN_TOPIC_OR_PARTITION. */
  find(topic: string, partition: number): Partition | number
  produce(
    options: ProduceOptions,
    targets: readonly ProduceTarget[],
    done: (results: readonly AppendResult[]) => void,
  ): WaitingOperation | undefined
  fetch(
    options: FetchOptions,
    targets: readonly FetchTarget[],
    done: (results: readonly FetchResult[]) => void,
  ): WaitingOperation | undefined
  /** Starts in-sync set checks and fetchers. */
  start(): void
  close(): Promise<void>
}
