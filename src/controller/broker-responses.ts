// What the answers of brokers mean: replicas deleted, replicas in log directories that are gone.
import { Errors } from '../wire/errors.ts'
import type { LeaderAndIsrResponse } from '../wire/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest, StopReplicaResponse } from '../wire/messages/05-stop-replica.ts'
import type { Partition, Replica } from './context.ts'
import type { Machine } from './machine.ts'
import type { BrokerResponse } from './request-batch.ts'

export async function onBrokerResponse(
  machine: Machine,
  brokerId: number,
  answer: BrokerResponse,
): Promise<void> {
  if (answer.kind === 'leaderAndIsr') await onLeaderAndIsr(machine, brokerId, answer.response)
  else await onStopReplica(machine, brokerId, answer.request, answer.response)
}

async function onLeaderAndIsr(
  machine: Machine,
  brokerId: number,
  response: LeaderAndIsrResponse,
): Promise<void> {
  const { context, logger } = machine.term
  if (response.errorCode !== Errors.NONE) {
    logger.error(`Broker ${brokerId} refused LeaderAndIsr with error ${response.errorCode}`)
    return
  }
  const before = context.partitionsInOfflineDirectories(brokerId)
  const offline = new Set(before)
  for (const { topicId, partitionErrors } of response.topics) {
    const topic = context.topics.get(context.topicNames.get(topicId) ?? '')
    for (const { partitionIndex, errorCode } of partitionErrors) {
      const partition = topic?.partitions.get(partitionIndex)
      if (partition === undefined) continue
      if (errorCode === Errors.KAFKA_STORAGE_ERROR) offline.add(partition)
      else if (errorCode === Errors.NONE) offline.delete(partition)
    }
  }
  const lost = [...offline].filter((partition) => !before.has(partition))
  if (lost.length === 0 && offline.size === before.size) return
  context.setOfflineDirectory(brokerId, offline)
  if (lost.length > 0) {
    await machine.onReplicasLost(lost.map((partition) => ({ partition, brokerId })))
  }
}

async function onStopReplica(
  machine: Machine,
  brokerId: number,
  request: StopReplicaRequest,
  response: StopReplicaResponse,
): Promise<void> {
  const { context } = machine.term
  const errors = new Map<string, number>()
  for (const { topicName, partitionIndex, errorCode } of response.partitionErrors) {
    errors.set(`${topicName}-${partitionIndex}`, errorCode)
  }
  const deleted: Replica[] = []
  const failed: Replica[] = []
  for (const { topicName, partitionStates } of request.topicStates) {
    if (!context.isBeingDeleted(topicName)) continue
    for (const { partitionIndex, deletePartition } of partitionStates) {
      const partition = context.partition(topicName, partitionIndex)
      if (!deletePartition || !isAwaited(partition, brokerId)) continue
      const errorCode = errors.get(partition.name) ?? response.errorCode
      const target = errorCode === Errors.NONE ? deleted : failed
      target.push({ partition, brokerId })
    }
  }
  if (deleted.length > 0) await machine.deletion.onReplicasDeleted(deleted)
  if (failed.length > 0) await machine.deletion.onReplicasFailed(failed)
}

function isAwaited(partition: Partition | undefined, brokerId: number): partition is Partition {
  return partition?.replicaPhase(brokerId) === 'deletionStarted'
}
