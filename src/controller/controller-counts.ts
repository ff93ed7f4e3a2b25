// The numbers of the active controller that operators watch, counted when they are asked for.
import type { Metrics } from '../telemetry/metrics.ts'
import type { ControllerContext } from './context.ts'
import type { ControllerStatistics } from './term.ts'

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
  /** Since the broker started, over all its terms. */
  readonly uncleanElections: number
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
  uncleanElections: 0,
}

export function controllerCounts(
  context: ControllerContext | undefined,
  { uncleanElections }: ControllerStatistics,
): ControllerCounts {
  if (context === undefined) return { ...NONE, uncleanElections }
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
    uncleanElections,
  }
}

const PREFIX = 'kafka_controller_kafkacontroller'

/** Publishes the counts under the names that the JMX exporter gives Kafka's. */
export function registerControllerMetrics(
  metrics: Metrics,
  controller: { readonly counts: ControllerCounts },
): void {
  const gauge = (name: string, count: keyof ControllerCounts): void => {
    metrics.gauge(name, {}, () => controller.counts[count])
  }
  gauge(`${PREFIX}_activecontrollercount`, 'activeControllers')
  gauge(`${PREFIX}_activebrokercount`, 'activeBrokers')
  gauge(`${PREFIX}_globaltopiccount`, 'topics')
  gauge(`${PREFIX}_globalpartitioncount`, 'partitions')
  gauge(`${PREFIX}_offlinepartitionscount`, 'offlinePartitions')
  gauge(`${PREFIX}_preferredreplicaimbalancecount`, 'preferredReplicaImbalance')
  gauge(`${PREFIX}_topicstodeletecount`, 'topicsToDelete')
  gauge(`${PREFIX}_topicsineligibletodeletecount`, 'topicsIneligibleToDelete')
  gauge('kafka_controller_controllerstats_uncleanleaderelections_total', 'uncleanElections')
}
