// How topics are described: a line per topic with its settings, a line per partition.
import type { Admin } from '../client/admin.ts'
import { ResourceType } from '../client/admin.ts'
import type { PartitionMetadata, TopicMetadata } from '../client/topic-metadata.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { DescribeConfigs } from '../wire/messages/32-describe-configs.ts'
import type { DescribeConfigsResponse } from '../wire/messages/32-describe-configs.ts'
import { ListPartitionReassignments } from '../wire/messages/46-list-partition-reassignments.ts'

export interface DescribeFilter {
  readonly underReplicated: boolean
  readonly unavailable: boolean
  readonly underMinIsr: boolean
  readonly atMinIsr: boolean
  readonly withOverrides: boolean
}

type Setting = DescribeConfigsResponse['results'][number]['configs'][number]

interface Moving {
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

interface Described {
  readonly topic: TopicMetadata
  readonly settings: readonly Setting[]
  readonly overrides: readonly Setting[]
  readonly partitions: readonly PartitionMetadata[]
  readonly moving: ReadonlyMap<number, Moving>
}

const DEFAULT_SOURCE = 5
const BATCH = 500

/** The lines, each ended. */
export async function describeTopics(
  admin: Admin,
  topics: readonly TopicMetadata[],
  filter: DescribeFilter,
): Promise<string> {
  const lines: string[] = []
  for (const described of await lookUp(admin, topics, filter)) {
    if (showsTopics(filter)) lines.push(topicLine(described))
    if (filter.withOverrides) continue
    for (const partition of described.partitions) {
      lines.push(partitionLine(described, partition))
    }
  }
  return lines.map((line) => `${line}\n`).join('')
}

/** The same as a document. */
export async function describeTopicsAsJson(
  admin: Admin,
  topics: readonly TopicMetadata[],
  filter: DescribeFilter,
): Promise<unknown> {
  const described = await lookUp(admin, topics, filter)
  return described.map(({ topic, overrides, partitions }) => ({
    topic: topic.name,
    topicId: topic.id,
    partitionCount: topic.partitions.length,
    replicationFactor: topic.partitions[0]?.replicas.length ?? 0,
    configs: Object.fromEntries(overrides.map(({ name, value }) => [name, value])),
    partitions: partitions.map(({ partition, leader, leaderEpoch, replicas, isr }) => ({
      partition,
      leader: leader < 0 ? null : leader,
      leaderEpoch,
      replicas,
      isr,
    })),
  }))
}

function showsTopics(filter: DescribeFilter): boolean {
  const { underReplicated, unavailable, underMinIsr, atMinIsr } = filter
  return !underReplicated && !unavailable && !underMinIsr && !atMinIsr
}

async function lookUp(
  admin: Admin,
  topics: readonly TopicMetadata[],
  filter: DescribeFilter,
): Promise<Described[]> {
  const settings = await settingsOf(admin, topics)
  const moving = await reassignmentsOf(admin)
  const described: Described[] = []
  for (const topic of topics) {
    const all = settings.get(topic.name) ?? []
    const overrides = all.filter(({ configSource }) => configSource !== DEFAULT_SOURCE)
    if (filter.withOverrides && overrides.length === 0) continue
    const minIsr = Number(all.find(({ name }) => name === 'min.insync.replicas')?.value ?? 1)
    const moved = moving.get(topic.name) ?? new Map<number, Moving>()
    const partitions = topic.partitions.filter((partition) =>
      isWanted(partition, filter, minIsr, moved.get(partition.partition)),
    )
    described.push({ topic, settings: all, overrides, partitions, moving: moved })
  }
  return described
}

function isWanted(
  partition: PartitionMetadata,
  filter: DescribeFilter,
  minIsr: number,
  moving: Moving | undefined,
): boolean {
  if (showsTopics(filter)) return true
  const { replicas, isr, leader } = partition
  const wanted = replicas.length - (moving?.adding.length ?? 0)
  return (
    (filter.underReplicated && isr.length < wanted) ||
    (filter.unavailable && leader < 0) ||
    (filter.underMinIsr && (leader < 0 || isr.length < minIsr)) ||
    (filter.atMinIsr && isr.length === minIsr)
  )
}

async function settingsOf(
  admin: Admin,
  topics: readonly TopicMetadata[],
): Promise<Map<string, Setting[]>> {
  const settings = new Map<string, Setting[]>()
  for (let start = 0; start < topics.length; start += BATCH) {
    const resources = topics.slice(start, start + BATCH).map(({ name }) => ({
      resourceType: ResourceType.topic,
      resourceName: name,
    }))
    const { results } = await admin.client.call(DescribeConfigs, { resources })
    for (const result of results) {
      const isGone = result.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION
      if (result.errorCode !== Errors.NONE && !isGone) {
        throw new KafkaError(result.errorCode, result.errorMessage ?? undefined)
      }
      settings.set(result.resourceName, result.configs)
    }
  }
  return settings
}

/** What is being moved; nothing where the caller may not know. */
async function reassignmentsOf(admin: Admin): Promise<Map<string, Map<number, Moving>>> {
  const moving = new Map<string, Map<number, Moving>>()
  const answer = await admin.client.callController(
    ListPartitionReassignments,
    { timeoutMs: 30_000, topics: null },
    (response) => response.errorCode,
  )
  for (const { name, partitions } of answer.topics) {
    const entries = partitions.map(
      ({ partitionIndex, addingReplicas, removingReplicas }): [number, Moving] => [
        partitionIndex,
        { adding: addingReplicas, removing: removingReplicas },
      ],
    )
    moving.set(name, new Map(entries))
  }
  return moving
}

function topicLine({ topic, overrides, moving }: Described): string {
  const configs = overrides.map(({ name, value }) => `${name}=${value}`).join(',')
  const [first] = topic.partitions
  const adding = moving.get(first?.partition ?? 0)?.adding.length ?? 0
  return [
    `Topic: ${topic.name}`,
    `TopicId: ${topic.id}`,
    `PartitionCount: ${topic.partitions.length}`,
    `ReplicationFactor: ${(first?.replicas.length ?? 0) - adding}`,
    `Configs: ${configs}`,
  ].join('\t')
}

function partitionLine({ topic, moving }: Described, partition: PartitionMetadata): string {
  const { leader, replicas, isr } = partition
  const moved = moving.get(partition.partition)
  return [
    '',
    `Topic: ${topic.name}`,
    `Partition: ${partition.partition}`,
    `Leader: ${leader < 0 ? 'none' : leader}`,
    `Replicas: ${replicas.join(',')}`,
    `Isr: ${isr.join(',')}`,
    ...(moved === undefined
      ? []
      : [
          `Adding Replicas: ${moved.adding.join(',')}`,
          `Removing Replicas: ${moved.removing.join(',')}`,
        ]),
    'Elr: N/A',
    'LastKnownElr: N/A',
  ].join('\t')
}
