// Elections that somebody asks for: preferred or unclean, by request, by the znode of old tools, or
// by the balance timer.
import { Errors } from '../wire/errors.ts'
import { PREFERRED_ELECTION } from '../metadata/znode-paths.ts'
import { decodePartitionList } from '../metadata/znodes.ts'
import type { ElectionStrategy } from './leader-choice.ts'
import type { ControllerContext, Partition } from './context.ts'
import type { Machine } from './machine.ts'

export const ElectionType = { preferred: 0, unclean: 1 } as const

export interface ElectionResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly errorMessage: string | null
  /** After success: who leads now. */
  readonly leader: number
}

interface Kind {
  readonly strategy: ElectionStrategy
  readonly failureCode: number
  readonly kafkaName: string
  isNeeded(context: ControllerContext, partition: Partition): boolean
}

const preferred: Kind = {
  strategy: { kind: 'preferred' },
  failureCode: Errors.PREFERRED_LEADER_NOT_AVAILABLE,
  kafkaName: 'PreferredReplicaPartitionLeaderElectionStrategy',
  isNeeded: (_, { assignment, leadership }) => leadership?.leader !== assignment.replicas[0],
}

const unclean: Kind = {
  strategy: { kind: 'offline', allowUnclean: true },
  failureCode: Errors.ELIGIBLE_LEADERS_NOT_AVAILABLE,
  kafkaName: 'OfflinePartitionLeaderElectionStrategy(true)',
  isNeeded: (context, partition) =>
    !context.isReplicaOnline(partition.leadership?.leader ?? -1, partition, true),
}

type Named = { readonly topic: string; readonly partition: number }

/** One result per partition of `asked`; undefined stands for all, those without need left out. */
export async function electLeaders(
  machine: Machine,
  electionType: number,
  asked: readonly Named[] | undefined,
): Promise<ElectionResult[]> {
  const kind = electionType === ElectionType.unclean ? unclean : preferred
  const { context } = machine.term
  const refused: ElectionResult[] = []
  const partitions: Partition[] = []
  for (const named of asked ?? allPartitions(context)) {
    const partition = context.partition(named.topic, named.partition)
    const problem = refusal(context, kind, partition)
    if (problem === undefined && partition !== undefined) partitions.push(partition)
    else if (problem !== undefined && (asked !== undefined || problem[0] !== NOT_NEEDED[0])) {
      const [errorCode, errorMessage] = problem
      refused.push({ ...named, errorCode, errorMessage, leader: -1 })
    }
  }
  const elected = await machine.partitionStates.toOnline(partitions, kind.strategy)
  const tried = partitions.map((partition) => result(kind, partition, elected.has(partition)))
  return [...refused, ...tried]
}

type Refusal = readonly [code: number, message: string]
const UNKNOWN: Refusal = [Errors.UNKNOWN_TOPIC_OR_PARTITION, 'The partition does not exist.']
const GOING: Refusal = [Errors.INVALID_TOPIC_EXCEPTION, 'The topic is being deleted']
const NOT_NEEDED: Refusal = [
  Errors.ELECTION_NOT_NEEDED,
  'Leader election not needed for topic partition.',
]

function refusal(
  context: ControllerContext,
  kind: Kind,
  partition: Partition | undefined,
): Refusal | undefined {
  if (partition === undefined) return UNKNOWN
  if (context.isBeingDeleted(partition.topic.name)) return GOING
  return kind.isNeeded(context, partition) ? undefined : NOT_NEEDED
}

function result(kind: Kind, partition: Partition, isElected: boolean): ElectionResult {
  const leader = partition.leadership?.leader ?? -1
  const named = { topic: partition.topic.name, partition: partition.index, leader }
  if (isElected) return { ...named, errorCode: Errors.NONE, errorMessage: null }
  const message = `Failed to elect leader for partition ${partition.name} under strategy ${kind.kafkaName}`
  return { ...named, errorCode: kind.failureCode, errorMessage: message }
}

function* allPartitions(context: ControllerContext): Generator<Named> {
  for (const { topic, index } of context.allPartitions())
    yield { topic: topic.name, partition: index }
}

/** Elections that an old tool asked for by /admin/preferred_replica_election. */
export async function electRequested(machine: Machine): Promise<void> {
  const { store } = machine.term
  const read = await store.read(PREFERRED_ELECTION, true)
  if (read !== undefined) {
    await electLeaders(machine, ElectionType.preferred, decodePartitionList(read.data))
    await store.delete([PREFERRED_ELECTION])
  }
  // Watches a node that is not there.
  await store.exists(PREFERRED_ELECTION, true)
}

/**
 * Partitions to be led by their preferred replica again: of each broker that leads too few of those
 * it should, as `maxPercentage` says, where the replica is back in sync.
 */
export function findImbalance(context: ControllerContext, maxPercentage: number): Partition[] {
  const byPreferred = new Map<number, { all: number; elsewhere: Partition[] }>()
  for (const partition of context.allPartitions()) {
    const [broker] = partition.assignment.replicas
    if (broker === undefined || context.isBeingDeleted(partition.topic.name)) continue
    const entry = byPreferred.get(broker) ?? { all: 0, elsewhere: [] }
    byPreferred.set(broker, entry)
    entry.all += 1
    if (partition.leadership?.leader !== broker) entry.elsewhere.push(partition)
  }
  const found: Partition[] = []
  for (const [broker, { all, elsewhere }] of byPreferred) {
    if ((elsewhere.length / all) * 100 <= maxPercentage) continue
    found.push(...elsewhere.filter((it) => canReturn(context, it, broker)))
  }
  return found
}

function canReturn(context: ControllerContext, partition: Partition, broker: number): boolean {
  return (
    !context.reassigning.has(partition) &&
    context.isReplicaOnline(broker, partition) &&
    partition.leadership?.isr.includes(broker) === true
  )
}

/** Moves leaders back, without a word about those that could not. */
export async function rebalance(machine: Machine): Promise<void> {
  const { context, settings } = machine.term
  const found = findImbalance(context, settings.leaderImbalancePerBrokerPercentage)
  await machine.partitionStates.toOnline(found, { kind: 'preferred' })
}
