// All partitions of this broker: what the controller's requests do to them, and the entry for
// producers and readers.
//   A controller of an older epoch is refused, as is a request for an older incarnation of this
//   broker. A partition is led or followed only as the newest LeaderAndIsr said.
import type { AppendResult } from '../log/log-types.ts'
import { partitionOf } from '../metadata/cluster-image.ts'
import { isInternalTopic } from '../metadata/topic-name.ts'
import type { Timer } from '../platform/clock.ts'
import { Errors } from '../wire/errors.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { LeaderAndIsrRequest } from '../wire/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest } from '../wire/messages/05-stop-replica.ts'
import { Deadlines } from './deadlines.ts'
import { DeleteRecordsOperation } from './delete-records-operation.ts'
import type { DeletionResult, DeletionTarget } from './delete-records-operation.ts'
import { DirectoryMoves } from './directory-moves.ts'
import { FetchOperation } from './fetch-operation.ts'
import type { FetchSource } from './fetch-operation.ts'
import { FetchSessions } from './fetch-sessions.ts'
import { failedFetch } from './fetch-types.ts'
import type { FetchOptions, FetchResult, FetchTarget, Requester } from './fetch-types.ts'
import { Fetchers } from './fetchers.ts'
import { LeadershipRequests } from './leadership-requests.ts'
import type { PartitionSurroundings } from './partition-surroundings.ts'
import { Partition } from './partition.ts'
import { Producing } from './producing.ts'
import { offsetsOnly, readPartition } from './read-partition.ts'
import type { ReadLimits } from './read-partition.ts'
import { replicaSelector } from './replica-selector.ts'
import type { ReplicaSelector } from './replica-selector.ts'
import { ReplicationMetrics } from './replication-metrics.ts'
import type {
  LeadershipChanges,
  ProduceOptions,
  ProduceTarget,
  ReplicasOptions,
  ReplicaStops,
} from './replicas-options.ts'

/** Of those that fetch without being a replica, so many are complained of. */
const MAX_STRANGERS = 100

export class Replicas {
  readonly sessions: FetchSessions
  /** Partitions on their way to another log directory of this broker. */
  readonly moves: DirectoryMoves
  readonly #options: ReplicasOptions
  readonly #partitions = new Map<string, Map<number, Partition>>()
  readonly #deadlines: Deadlines
  readonly #fetchSource: FetchSource
  readonly #strangers = new Set<number>()
  readonly #selector: ReplicaSelector | undefined
  readonly #metrics: ReplicationMetrics
  readonly #fetchers: Fetchers
  readonly #producing: Producing
  readonly #requests: LeadershipRequests
  #isrTimer: Timer | undefined
  #waitingFetches = 0

  constructor(options: ReplicasOptions) {
    const { config, platform, metadata } = options
    this.#options = options
    this.#deadlines = new Deadlines(platform.clock)
    this.sessions = new FetchSessions(
      config.get('max.incremental.fetch.session.cache.slots'),
      platform.random,
    )
    this.#selector = replicaSelector(config.get('replica.selector.class'), metadata)
    this.#metrics = new ReplicationMetrics(options.metrics, this)
    this.#fetchers = new Fetchers(options, {
      onFetched: (bytes) => this.#metrics.onReplicated(bytes),
    })
    this.#producing = new Producing({
      replicas: options,
      deadlines: this.#deadlines,
      metrics: this.#metrics,
      find: (topic, index) => this.find(topic, index),
    })
    this.#fetchSource = this.#makeFetchSource()
    this.moves = new DirectoryMoves({
      logs: options.logs,
      clock: platform.clock,
      logger: options.logger,
      find: (topic, index) => this.find(topic, index),
      concurrency: config.get('num.replica.alter.log.dirs.threads'),
      bytesPerSecond: options.directoryMoveRate ?? (() => Infinity),
    })
    this.#requests = new LeadershipRequests({
      replicas: options,
      moves: this.moves,
      partitions: this.#partitions,
      fetchers: this.#fetchers,
      createPartition: (topic, index) => new Partition(topic, index, this.#surroundings()),
    })
    metadata.onChange(({ before, after }) => {
      const isGone = [...before.brokers.keys()].some((id) => !after.brokers.has(id))
      if (isGone) this.#onBrokerGone()
    })
    options.logs.onDirectoryFailure((_directory, lost) => {
      for (const { topic, partition } of lost) this.#goOffline(topic, partition)
    })
  }

  // ---- the controller's requests

  /** The highest epoch that a controller came with. */
  get controllerEpoch(): number {
    return this.#requests.controllerEpoch
  }

  /** 0 or STALE_CONTROLLER_EPOCH: for every request of a controller, UpdateMetadata too. */
  admitController(controllerEpoch: number): number {
    return this.#requests.admitController(controllerEpoch)
  }

  /** 0 or STALE_BROKER_EPOCH: the request was meant for an earlier life of this broker. */
  admitBrokerEpoch(brokerEpoch: number): number {
    return this.#requests.admitBrokerEpoch(brokerEpoch)
  }

  leaderAndIsr(request: LeaderAndIsrRequest): LeadershipChanges {
    return this.#requests.leaderAndIsr(request)
  }

  /** Deletions of logs go on in the background. */
  stopReplica(request: StopReplicaRequest): ReplicaStops {
    return this.#requests.stopReplica(request)
  }

  // ---- partitions

  get(topic: string, partition: number): Partition | undefined {
    return this.#partitions.get(topic)?.get(partition)
  }

  holds(topic: string): boolean {
    return this.#partitions.has(topic)
  }

  *all(): Iterable<Partition> {
    for (const partitions of this.#partitions.values()) yield* partitions.values()
  }

  /** The partition, or KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER, UNKNOWN_TOPIC_OR_PARTITION. */
  find(topic: string, index: number): Partition | number {
    const partition = this.get(topic, index)
    if (partition !== undefined) {
      return partition.isOffline ? Errors.KAFKA_STORAGE_ERROR : partition
    }
    return partitionOf(this.#options.metadata.image, topic, index) === undefined
      ? Errors.UNKNOWN_TOPIC_OR_PARTITION
      : Errors.NOT_LEADER_OR_FOLLOWER
  }

  get waitingFetches(): number {
    return this.#waitingFetches
  }

  get waitingProduces(): number {
    return this.#deadlines.size - this.#waitingFetches
  }

  get failedPartitions(): number {
    return this.#fetchers.failedCount
  }

  /** Offsets that the partition furthest behind its leader is behind. */
  get maxLag(): number {
    return this.#fetchers.maxLag
  }

  // ---- producers

  /**
   * Appends to all partitions, then calls `done` with a result for each, at once or when they are
   * acknowledged as `acks` says.
   */
  produce(
    options: ProduceOptions,
    targets: readonly ProduceTarget[],
    done: (results: readonly AppendResult[]) => void,
  ): void {
    this.#producing.produce(options, targets, done)
  }

  // ---- readers

  /** Calls `done` with a result for each target, at once or later. */
  fetch(
    options: FetchOptions,
    targets: readonly FetchTarget[],
    done: (results: readonly FetchResult[]) => void,
  ): void {
    new FetchOperation(this.#fetchSource, options, targets, done).start()
  }

  /** What was sent of one partition: for the numbers, and for throttled followers. */
  onFetchAnswered(target: FetchTarget, result: FetchResult, replicaId: number): void {
    const isFollower = replicaId >= 0
    this.#metrics.onFetch(target.topic, result.error, result.sizeBytes, isFollower)
    if (!isFollower || (result.sizeBytes === 0 && result.error === Errors.NONE)) return
    const partition = this.get(target.topic, target.partition)
    if (partition === undefined) return
    if (result.error !== Errors.NONE) this.#onRefused(partition, replicaId)
    else this.#fetchers.leaderThrottle.record(partition, result.sizeBytes)
  }

  // Who is no replica here asks again every second: one line for each of them is enough.
  #onRefused(partition: Partition, replicaId: number): void {
    if (!partition.isLeader || partition.followers.has(replicaId)) return
    if (this.#strangers.has(replicaId) || this.#strangers.size === MAX_STRANGERS) return
    this.#strangers.add(replicaId)
    const { topic, index, replicas } = partition
    this.#options.logger.warn(
      `Refused a fetch of ${topic}-${index} by broker ${replicaId}, which is not among its ` +
        `replicas ${replicas.join(',')}`,
    )
  }

  #makeFetchSource(): FetchSource {
    const { clock } = this.#options.platform
    return {
      deadlines: this.#deadlines,
      nowMs: () => clock.monotonicMs(),
      defer: (callback) => clock.defer(callback),
      partitionOf: (target) => this.get(target.topic, target.partition),
      read: (target, options, limits) => this.#read(target, options, limits),
      onParked: () => {
        this.#waitingFetches += 1
      },
      onUnparked: () => {
        this.#waitingFetches -= 1
      },
    }
  }

  #read(
    target: FetchTarget,
    options: FetchOptions,
    limits: ReadLimits,
  ): FetchResult | Promise<FetchResult> {
    const partition = this.find(target.topic, target.partition)
    if (typeof partition === 'number') return failedFetch(partition)
    if (isInconsistent(target.topicId, partition.topicId)) {
      return failedFetch(Errors.INCONSISTENT_TOPIC_ID)
    }
    if (this.#selector !== undefined && options.rack !== '' && options.replicaId < 0) {
      const preferred = this.#selector.select(partition, target.fetchOffset, options.rack)
      if (preferred !== -1) {
        const error = partition.checkLeaderEpoch(target.currentLeaderEpoch)
        return error === Errors.NONE
          ? offsetsOnly(partition, options, preferred)
          : failedFetch(error)
      }
    }
    if (options.replicaId >= 0 && this.#isHeldBack(partition, options.replicaId)) {
      return readPartition(partition, target, options, {
        ...limits,
        maxBytes: 0,
        minOneBatch: false,
      })
    }
    return readPartition(partition, target, options, limits)
  }

  // Replicas in sync are never held back: acks=all waits for them.
  #isHeldBack(partition: Partition, replicaId: number): boolean {
    if (partition.isr.includes(replicaId)) return false
    return this.#fetchers.leaderThrottle.holdsBack(partition)
  }

  /** Moves the start of logs; `done` is called when the live replicas have followed. */
  deleteRecords(
    targets: readonly DeletionTarget[],
    timeoutMs: number,
    requester: Requester,
    done: (results: readonly DeletionResult[]) => void,
  ): void {
    const operation = new DeleteRecordsOperation(requester, this.#deadlines, done)
    for (const { topic, partition, offset } of targets) {
      operation.add(
        isInternalTopic(topic) ? Errors.INVALID_TOPIC_EXCEPTION : this.find(topic, partition),
        offset,
      )
    }
    operation.start(timeoutMs)
  }

  // ---- life

  /** Starts the checks of in-sync sets. */
  start(): void {
    this.#scheduleIsrCheck()
  }

  async close(): Promise<void> {
    this.#isrTimer?.cancel()
    this.moves.close()
    await this.#fetchers.close()
    this.#deadlines.close()
  }

  #scheduleIsrCheck(): void {
    const { config, platform } = this.#options
    const intervalMs = Math.max(1, config.get('replica.lag.time.max.ms') / 2)
    this.#isrTimer = platform.clock.setTimer(intervalMs, () => {
      this.shrinkInSyncSets()
      this.#scheduleIsrCheck()
    })
  }

  /** Proposes, for each partition led here, the in-sync set without those who lag. */
  shrinkInSyncSets(): void {
    const nowMs = this.#options.platform.clock.monotonicMs()
    for (const partition of this.all()) if (partition.isLeader) partition.shrinkIsr(nowMs)
  }

  // A follower that has just left the in-sync set is waited for while its broker is alive.
  #onBrokerGone(): void {
    for (const partition of this.all()) if (partition.isLeader) partition.reconsiderHighWatermark()
  }

  #goOffline(topic: string, index: number): void {
    const partition = this.get(topic, index)
    if (partition === undefined) return
    this.#fetchers.remove(partition)
    partition.goOffline()
  }

  #surroundings(): PartitionSurroundings {
    const { brokerId, platform, isrWriter, brokerEpoch, config, metadata, logger } = this.#options
    const describe = (partition: Partition) => `${partition.topic}-${partition.index}`
    return {
      brokerId,
      clock: platform.clock,
      isrWriter,
      brokerEpoch,
      replicaLagTimeMaxMs: () => config.get('replica.lag.time.max.ms'),
      isAlive: (id) => metadata.image.brokers.has(id),
      onIsrShrink: (partition, leaving) => {
        this.#metrics.onIsrShrink()
        logger.info(
          `Shrinking the in-sync set of ${describe(partition)} (${partition.isr.join(',')}) ` +
            `by ${leaving.join(',')}`,
        )
      },
      onIsrExpand: (partition, joining) => {
        this.#metrics.onIsrExpand()
        logger.info(
          `Expanding the in-sync set of ${describe(partition)} (${partition.isr.join(',')}) ` +
            `by ${joining}`,
        )
      },
    }
  }
}

function isInconsistent(requested: string, known: string | undefined): boolean {
  return requested !== ZERO_UUID && known !== undefined && requested !== known
}
