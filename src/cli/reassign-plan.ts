// Plans of which brokers hold which partitions: read from files, proposed for brokers, and compared
// with what is.
import type { TopicPartition } from '../client/partition-leaders.ts'
import type { TopicMetadata } from '../client/topic-metadata.ts'
import { UsageError } from './command.ts'
import { numberOf, readRows, textOf } from './json-file.ts'

export interface Placement extends TopicPartition {
  readonly replicas: readonly number[]
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** The placements that a file asks for. Throws UsageError. */
export function readPlan(file: string): Placement[] {
  const plan = readRows(file, 'partitions').map((row) => {
    const replicas = row['replicas']
    const isList =
      Array.isArray(replicas) && replicas.every((id) => typeof id === 'number' && id >= 0)
    if (!isList || replicas.length === 0) {
      throw new UsageError(
        `${file}: "replicas" must be a list of broker ids in ${JSON.stringify(row)}`,
      )
    }
    const directories = row['log_dirs']
    if (Array.isArray(directories) && directories.some((directory) => directory !== 'any')) {
      throw new UsageError(
        `${file}: "log_dirs" may only hold "any": directories are chosen by brokers`,
      )
    }
    return {
      topic: textOf(file, row, 'topic'),
      partition: numberOf(file, row, 'partition'),
      replicas: replicas.map(Number),
    }
  })
  const names = plan.map(nameOf)
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  if (twice.length > 0) {
    throw new UsageError(
      `Partition reassignment contains duplicate topic partitions: ${twice.join(',')}`,
    )
  }
  for (const placement of plan) {
    if (new Set(placement.replicas).size === placement.replicas.length) continue
    throw new UsageError(
      `Partition replica lists may not contain duplicate entries: ${nameOf(placement)} contains multiple entries for ${placement.replicas.join(',')}`,
    )
  }
  return plan
}

/** As the file that `--execute` reads. */
export function planAsJson(plan: readonly Placement[]): string {
  const partitions = plan
    .toSorted((a, b) =>
      a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
    )
    .map(({ topic, partition, replicas }) => ({
      topic,
      partition,
      replicas,
      log_dirs: replicas.map(() => 'any'),
    }))
  return JSON.stringify({ version: 1, partitions })
}

export function currentPlan(topics: readonly TopicMetadata[]): Placement[] {
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition, replicas }) => ({ topic: name, partition, replicas })),
  )
}

/** Spreads the partitions of each topic over brokers, from a broker that `start` chooses. */
export function proposePlan(
  topics: readonly TopicMetadata[],
  brokers: readonly number[],
  start: (count: number) => number,
): Placement[] {
  return topics.flatMap(({ name, partitions }) => {
    const first = start(brokers.length)
    const copies = partitions[0]?.replicas.length ?? 1
    return partitions.map(({ partition }) => ({
      topic: name,
      partition,
      replicas: Array.from({ length: copies }, (_, copy) =>
        brokerAt(brokers, first, partition, copy),
      ),
    }))
  })
}

/** Each round over the brokers pairs the first copy with other ones than the round before. */
function brokerAt(
  brokers: readonly number[],
  first: number,
  partition: number,
  copy: number,
): number {
  const count = brokers.length
  const leader = (first + partition) % count
  if (copy === 0 || count === 1) return brokers[leader] ?? 0
  const shift = 1 + ((Math.floor(partition / count) + copy - 1) % (count - 1))
  return brokers[(leader + shift) % count] ?? 0
}
