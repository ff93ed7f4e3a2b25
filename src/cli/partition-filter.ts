// Which partitions a tool means: `topic:0-2,other,:5-`, patterns of topics with ranges of partitions.
import { UsageError } from './command.ts'
import { topicPattern } from './topic-filter.ts'

export type PartitionFilter = (topic: string, partition: number) => boolean

/** Rules as `--topic-partitions` takes them: a partition is wanted when one of them fits. */
export function partitionRules(list: string): PartitionFilter {
  const rules = list.split(',').map(readRule)
  return (topic, partition) => rules.some((fits) => fits(topic, partition))
}

/** One pattern of topics, and a list of partitions as `--partitions` takes it. */
export function topicAndPartitions(
  topics: string | undefined,
  partitions: string | undefined,
): PartitionFilter {
  const pattern = topics === undefined ? undefined : topicPattern(topics)
  const ids = partitions === undefined || partitions === '' ? undefined : readIds(partitions)
  return (topic, partition) =>
    (pattern?.test(topic) ?? true) && (ids === undefined || ids.has(partition))
}

function readIds(list: string): Set<number> {
  return new Set(
    list.split(',').map((id) => {
      if (/^\d+$/.test(id)) return Number(id)
      throw new UsageError(
        `Error occurred: --partitions expects a comma separated list of numeric partition ids, but received: ${list}`,
      )
    }),
  )
}

function readRule(rule: string): PartitionFilter {
  const match = /^([^:,]*)(?::(?:(\d+)(-(\d*))?|-(\d+))?)?$/.exec(rule)
  if (match === null) {
    throw new UsageError(
      `Error occurred: org.apache.kafka.tools.TerseException: Invalid rule specification: ${rule}`,
    )
  }
  const [, topic = '', single, range, upper, only] = match
  const pattern = topic === '' ? undefined : topicPattern(topic)
  const from = Number(single ?? 0)
  // The upper end of a range is left out, as Kafka does.
  const end = endOf(single, range, upper, only)
  return (name, partition) => (pattern?.test(name) ?? true) && partition >= from && partition < end
}

function endOf(
  single: string | undefined,
  range: string | undefined,
  upper: string | undefined,
  only: string | undefined,
): number {
  if (only !== undefined) return Number(only)
  if (single === undefined) return Infinity
  if (range === undefined) return Number(single) + 1
  return upper === undefined || upper === '' ? Infinity : Number(upper)
}
