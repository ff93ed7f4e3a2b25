// ElectLeaders: the request's form of elections, and the wait until this broker's metadata shows
// their outcome.
import type { ClusterImage } from '../metadata/cluster-image.ts'
import { partitionOf } from '../metadata/cluster-image.ts'
import { Errors } from '../wire/errors.ts'
import type {
  ElectLeadersRequest,
  ElectLeadersResponse,
} from '../wire/messages/43-elect-leaders.ts'
import { electLeaders, ElectionType } from './leader-elections.ts'
import type { ElectionResult } from './leader-elections.ts'
import type { Machine } from './machine.ts'
import type { MetadataWaits } from './metadata-waits.ts'

interface Named {
  readonly topic: string
  readonly partition: number
}

/** Holds the elections that the request names. */
export async function answerElections(
  machine: Machine,
  request: ElectLeadersRequest,
): Promise<ElectionResult[]> {
  return electLeaders(machine, request.electionType, namedPartitions(request))
}

function namedPartitions({ topicPartitions }: ElectLeadersRequest): Named[] | undefined {
  return topicPartitions?.flatMap(({ topic, partitions }) => {
    return partitions.map((partition) => ({ topic, partition }))
  })
}

/** Whether the type of the request is one that there is. */
export function isElectionType(type: number): boolean {
  return type === ElectionType.preferred || type === ElectionType.unclean
}

/** Every partition of the request, or of the cluster, with the same error. */
export function refusedElections(
  request: ElectLeadersRequest,
  image: ClusterImage,
  errorCode: number,
): ElectionResult[] {
  const named = namedPartitions(request) ?? [...allPartitions(image)]
  return named.map((it) => ({ ...it, errorCode, errorMessage: null, leader: -1 }))
}

function* allPartitions({ topics }: ClusterImage): Generator<Named> {
  for (const { name, partitions } of topics.values()) {
    for (const partition of partitions.keys()) yield { topic: name, partition }
  }
}

/** Waits until the metadata shows the new leaders; those it does not show in time are timed out. */
export async function shownElections(
  results: readonly ElectionResult[],
  waits: MetadataWaits,
  metadata: { readonly image: ClusterImage },
  timeoutMs: number,
): Promise<ElectionResult[]> {
  const elected = results.filter(({ errorCode }) => errorCode === Errors.NONE)
  const byTopic = Map.groupBy(elected, ({ topic }) => topic)
  const isShown = (image: ClusterImage, it: ElectionResult): boolean => {
    return partitionOf(image, it.topic, it.partition)?.leader === it.leader
  }
  const late = await waits.wait(
    byTopic.keys(),
    (image, topic) => byTopic.get(topic)?.every((it) => isShown(image, it)) ?? true,
    timeoutMs,
  )
  return results.map((it) => {
    const isLate = it.errorCode === Errors.NONE && late.has(it.topic)
    if (!isLate || isShown(metadata.image, it)) return it
    return { ...it, errorCode: Errors.REQUEST_TIMED_OUT }
  })
}

export function electionResponse(
  errorCode: number,
  results: readonly ElectionResult[],
): ElectLeadersResponse {
  const byTopic = Map.groupBy(results, ({ topic }) => topic)
  return {
    throttleTimeMs: 0,
    errorCode,
    replicaElectionResults: [...byTopic].map(([topic, partitions]) => ({
      topic,
      partitionResult: partitions.map((it) => ({
        partitionId: it.partition,
        errorCode: it.errorCode,
        errorMessage: it.errorMessage,
      })),
    })),
  }
}
