// The numbers of the active controller that operators watch, counted when they are asked for.
import type { ControllerContext } from './context.ts'

export interface ControllerCounts {
  readonly activeControllers: number
  readonly activeBrokers: number
  readonly topics: number
  readonly partitions: number
  readonly offlinePartitions: number
  /** Partitions not led by the first of their assignment. */
  readonly preferredReplicaImbalance: number
  readonly topicsToDelete: number
  readonly topicsIneligibleToDelete: number
}

const NONE: ControllerCounts = {
  activeControllers: 0,
  activeBrokers: 0,
  topics: 0,
  partitions: 0,
  offlinePartitions: 0,
  preferredReplicaImbalance: 0,
  topicsToDelete: 0,
  topicsIneligibleToDelete: 0,
}

export function controllerCounts(context: ControllerContext | undefined): ControllerCounts {
  if (context === undefined) return NONE
  let partitions = 0
  let imbalance = 0
  for (const partition of context.allPartitions()) {
    if (context.isBeingDeleted(partition.topic.name)) continue
    partitions += 1
    if (partition.leadership?.leader !== partition.assignment.replicas[0]) imbalance += 1
  }
  return {
    activeControllers: 1,
    activeBrokers: context.liveBrokers.length,
    topics: context.topics.size,
    partitions,
    offlinePartitions: [...context.leaderless].filter((it) => it.phase === 'offline').length,
    preferredReplicaImbalance: imbalance,
    topicsToDelete: context.deleting.size,
    topicsIneligibleToDelete: context.ineligible.size,
  }
}
