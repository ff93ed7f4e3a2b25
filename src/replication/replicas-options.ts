// What the broker gives to its replicas, what it asks of them, and what it gets back.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { Logs } from '../log/logs.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { AppendOrigin } from '../wire/records/validate-batch.ts'
import type { Requester } from './fetch-types.ts'
import type { LeaderConnector } from './leader-endpoint.ts'
import type { IsrWriter } from './partition-state.ts'
import type { Partition } from './partition.ts'
import type { ThrottleSide } from './replication-throttle.ts'
import type { TransactionVerifier } from './transaction-verifier.ts'

export interface ReplicasOptions {
  readonly brokerId: number
  readonly config: BrokerConfig
  readonly platform: Pick<Platform, 'clock' | 'random'>
  readonly logger: Logger
  readonly metrics: Metrics
  readonly logs: Logs
  readonly metadata: MetadataCache
  readonly isrWriter: IsrWriter
  readonly leaders: LeaderConnector
  /** Of this broker, as registered; -1 before. */
  readonly brokerEpoch: () => number
  /** Bytes per second (`leader.` and `follower.replication.throttled.rate`); absent: no limit. */
  readonly throttleRate?: (side: ThrottleSide) => number
  /** Bytes per second of moves between log directories; absent: no limit. */
  readonly directoryMoveRate?: () => number
  /** Absent: transactional batches are taken as they come. */
  readonly transactionVerifier?: TransactionVerifier | undefined
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
  /** As the request named it; null from producers without transactions. */
  readonly transactionalId: string | null
  /** Undefined: the broker itself. */
  readonly requester?: Requester | undefined
}

export interface PartitionError {
  readonly topic: string
  /** The zero uuid when unknown. */
  readonly topicId: string
  readonly partition: number
  readonly error: number
}

/** What a LeaderAndIsr request did. */
export interface LeadershipChanges {
  /** Of the whole request: 0, STALE_CONTROLLER_EPOCH or STALE_BROKER_EPOCH. */
  readonly error: number
  readonly partitions: readonly PartitionError[]
  /** Led under a new epoch. */
  readonly becameLeader: readonly Partition[]
  /** Followed, whether or not they were followed before. */
  readonly becameFollower: readonly Partition[]
}

/** What a StopReplica request did. */
export interface ReplicaStops {
  readonly error: number
  readonly partitions: readonly PartitionError[]
  /** Accepted ones, and whether their logs go. */
  readonly stopped: readonly StoppedReplica[]
}

export interface StoppedReplica {
  readonly topic: string
  readonly partition: number
  readonly deleted: boolean
}
