// LeaderAndIsr and StopReplica: what the controller decided, made true on this broker.
//   Per partition: an older or equal leader epoch changes nothing (an equal one may bring a missing
//   topic id). One partition's failure does not touch the others.
import type { Log } from '../log/log.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import type { LeaderAndIsrRequest } from '../wire/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest } from '../wire/messages/05-stop-replica.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { DirectoryMoves } from './directory-moves.ts'
import type { Fetchers } from './fetchers.ts'
import type { Partition } from './partition.ts'
import type {
  LeadershipChanges,
  PartitionError,
  ReplicasOptions,
  ReplicaStops,
  StoppedReplica,
} from './replicas-options.ts'

export interface LeadershipRequestsOptions {
  readonly replicas: ReplicasOptions
  readonly partitions: Map<string, Map<number, Partition>>
  readonly fetchers: Fetchers
  readonly moves: DirectoryMoves
  readonly createPartition: (topic: string, index: number) => Partition
}

type WirePartition = LeaderAndIsrRequest['topicStates'][number]['partitionStates'][number]

/** Leader epochs with which a replica is stopped whatever it knows. */
const NO_EPOCH = -1
const EPOCH_DURING_DELETE = -2

interface Stop {
  readonly topic: string
  readonly partition: number
  readonly leaderEpoch: number
  readonly deletePartition: boolean
}

export class LeadershipRequests {
  readonly #options: LeadershipRequestsOptions
  #controllerEpoch = 0

  constructor(options: LeadershipRequestsOptions) {
    this.#options = options
  }

  get controllerEpoch(): number {
    return this.#controllerEpoch
  }

  admitController(controllerEpoch: number): number {
    if (controllerEpoch < this.#controllerEpoch) return Errors.STALE_CONTROLLER_EPOCH
    this.#controllerEpoch = controllerEpoch
    return Errors.NONE
  }

  admitBrokerEpoch(brokerEpoch: number): number {
    const own = this.#options.replicas.brokerEpoch()
    return brokerEpoch !== -1 && brokerEpoch < own ? Errors.STALE_BROKER_EPOCH : Errors.NONE
  }

  leaderAndIsr(request: LeaderAndIsrRequest): LeadershipChanges {
    const refusal = this.#admit(request, 'LeaderAndIsr')
    const partitions: PartitionError[] = []
    const becameLeader: Partition[] = []
    const becameFollower: Partition[] = []
    if (refusal !== Errors.NONE) {
      return { error: refusal, partitions, becameLeader, becameFollower }
    }
    for (const { topic, topicId, state } of statesOf(request)) {
      const error = this.#apply(topic, topicId, state, becameLeader, becameFollower)
      partitions.push({ topic, topicId, partition: state.partitionIndex, error })
    }
    return { error: Errors.NONE, partitions, becameLeader, becameFollower }
  }

  stopReplica(request: StopReplicaRequest): ReplicaStops {
    const refusal = this.#admit(request, 'StopReplica')
    const partitions: PartitionError[] = []
    const stopped: StoppedReplica[] = []
    if (refusal !== Errors.NONE) return { error: refusal, partitions, stopped }
    for (const stop of stopsOf(request)) {
      const { topic, partition } = stop
      const error = this.#stop(stop)
      partitions.push({ topic, topicId: ZERO_UUID, partition, error })
      if (error === Errors.NONE) stopped.push({ topic, partition, deleted: stop.deletePartition })
    }
    return { error: Errors.NONE, partitions, stopped }
  }

  #admit(
    request: { controllerId: number; controllerEpoch: number; brokerEpoch: number },
    name: string,
  ): number {
    const { logger } = this.#options.replicas
    const brokerError = this.admitBrokerEpoch(request.brokerEpoch)
    if (brokerError !== Errors.NONE) {
      logger.warn(`Refused ${name} with broker epoch ${request.brokerEpoch}: it is for the past`)
      return brokerError
    }
    const error = this.admitController(request.controllerEpoch)
    if (error !== Errors.NONE) {
      logger.warn(
        `Refused ${name} of controller ${request.controllerId} with epoch ` +
          `${request.controllerEpoch}: the newest is ${this.#controllerEpoch}`,
      )
    }
    return error
  }

  #apply(
    topic: string,
    topicId: string,
    state: WirePartition,
    becameLeader: Partition[],
    becameFollower: Partition[],
  ): number {
    const { brokerId } = this.#options.replicas
    const known = this.#options.partitions.get(topic)?.get(state.partitionIndex)
    const refusal = this.#check(known, topic, topicId, state)
    if (refusal !== undefined) return refusal
    const partition = known ?? this.#options.createPartition(topic, state.partitionIndex)
    const error = this.#openLog(partition, topicId, state)
    this.#host(partition)
    if (error !== Errors.NONE) {
      partition.goOffline()
      return error
    }
    if (topicId !== ZERO_UUID) partition.topicId = topicId
    if (state.leader === brokerId) this.#lead(partition, state, becameLeader)
    else this.#follow(partition, state, becameFollower)
    this.#options.moves.resume(partition)
    return Errors.NONE
  }

  /** The answer when nothing is to be done; undefined: go on. */
  #check(
    known: Partition | undefined,
    topic: string,
    topicId: string,
    state: WirePartition,
  ): number | undefined {
    const { logs, brokerId } = this.#options.replicas
    const logTopicId = logs.get(topic, state.partitionIndex)?.topicId ?? known?.topicId
    const knownId = logTopicId === ZERO_UUID ? undefined : logTopicId
    if (topicId !== ZERO_UUID && knownId !== undefined && knownId !== topicId) {
      return Errors.INCONSISTENT_TOPIC_ID
    }
    const currentEpoch = known?.leaderEpoch ?? NO_EPOCH
    if (state.leaderEpoch < currentEpoch) return Errors.STALE_CONTROLLER_EPOCH
    if (state.leaderEpoch === currentEpoch && known?.isOffline === false) {
      if (topicId === ZERO_UUID || knownId !== undefined) return Errors.STALE_CONTROLLER_EPOCH
      known.topicId = topicId
      known.log?.assignTopicId(topicId)
      return Errors.NONE
    }
    return state.replicas.includes(brokerId) ? undefined : Errors.UNKNOWN_TOPIC_OR_PARTITION
  }

  #openLog(partition: Partition, topicId: string, state: WirePartition): number {
    const { logs, logger } = this.#options.replicas
    const { topic, index } = partition
    const id = topicId === ZERO_UUID ? undefined : topicId
    let log: Log
    try {
      log = logs.getOrCreate(topic, index, id, { isNew: state.isNew })
    } catch (error) {
      if (error instanceof KafkaError) {
        // Its directory has been spoken of.
        logger.warn(`Cannot open the log of ${topic}-${index}: ${error.message}`)
        return error.code
      }
      logger.error(`Cannot open the log of ${topic}-${index}`, error)
      return Errors.KAFKA_STORAGE_ERROR
    }
    if (partition.log !== log) {
      const checkpoint = logs.highWatermarkCheckpoint(topic, index)
      if (checkpoint > log.highWatermark) log.updateHighWatermark(checkpoint)
      partition.attach(log)
    }
    return Errors.NONE
  }

  #host(partition: Partition): void {
    const { partitions } = this.#options
    let ofTopic = partitions.get(partition.topic)
    if (ofTopic === undefined) {
      ofTopic = new Map()
      partitions.set(partition.topic, ofTopic)
    }
    ofTopic.set(partition.index, partition)
  }

  #lead(partition: Partition, state: WirePartition, becameLeader: Partition[]): void {
    const { platform, logger } = this.#options.replicas
    this.#options.fetchers.remove(partition)
    if (!partition.becomeLeader(state, platform.clock.monotonicMs())) return
    becameLeader.push(partition)
    logger.info(
      `Leading ${partition.topic}-${partition.index} from epoch ${state.leaderEpoch}, ` +
        `offset ${partition.epochStartOffset}, in-sync set ${state.isr.join(',')}`,
    )
  }

  #follow(partition: Partition, state: WirePartition, becameFollower: Partition[]): void {
    const changed = partition.becomeFollower(state)
    becameFollower.push(partition)
    // Same leader, new epoch: start again too, or a missed epoch would go unnoticed (KAFKA-7164).
    if (changed) this.#options.fetchers.follow(partition)
  }

  #stop(stop: Stop): number {
    const { fetchers, moves, partitions, replicas } = this.#options
    const { topic, leaderEpoch } = stop
    const partition = partitions.get(topic)?.get(stop.partition)
    if (partition?.isOffline === true) return Errors.KAFKA_STORAGE_ERROR
    const always = leaderEpoch === NO_EPOCH || leaderEpoch === EPOCH_DURING_DELETE
    if (partition !== undefined && !always && leaderEpoch < partition.leaderEpoch) {
      return Errors.FENCED_LEADER_EPOCH
    }
    if (partition !== undefined) fetchers.remove(partition)
    if (!stop.deletePartition) return Errors.NONE
    if (partition !== undefined) {
      moves.cancel(partition)
      partition.stop()
      const ofTopic = partitions.get(topic)
      ofTopic?.delete(stop.partition)
      if (ofTopic?.size === 0) partitions.delete(topic)
    }
    replicas.logs.delete(topic, stop.partition).catch((error: unknown) => {
      replicas.logger.error(`Cannot delete the log of ${topic}-${stop.partition}`, error)
    })
    return Errors.NONE
  }
}

// Up to version 1 the partitions stand in one list that names their topics.
function* statesOf(
  request: LeaderAndIsrRequest,
): Iterable<{ topic: string; topicId: string; state: WirePartition }> {
  for (const state of request.ungroupedPartitionStates) {
    yield { topic: state.topicName, topicId: ZERO_UUID, state }
  }
  for (const { topicName, topicId, partitionStates } of request.topicStates) {
    for (const state of partitionStates) yield { topic: topicName, topicId, state }
  }
}

function* stopsOf(request: StopReplicaRequest): Iterable<Stop> {
  const { deletePartitions } = request
  const plain = { leaderEpoch: NO_EPOCH, deletePartition: deletePartitions }
  for (const { topicName, partitionIndex } of request.ungroupedPartitions) {
    yield { topic: topicName, partition: partitionIndex, ...plain }
  }
  for (const { name, partitionIndexes } of request.topics) {
    for (const partition of partitionIndexes) yield { topic: name, partition, ...plain }
  }
  for (const { topicName, partitionStates } of request.topicStates) {
    for (const { partitionIndex, leaderEpoch, deletePartition } of partitionStates) {
      yield { topic: topicName, partition: partitionIndex, leaderEpoch, deletePartition }
    }
  }
}
