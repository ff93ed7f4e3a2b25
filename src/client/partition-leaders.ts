// Questions about many partitions, each put to the leader of its own: those that a leader refuses
// because it has moved are asked again where it has gone.
import { Errors, KafkaError, errorByCode } from '../wire/errors.ts'
import type { KafkaClient } from './kafka-client.ts'

/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** What became of one partition. */
export interface PartitionOutcome extends TopicPartition {
  readonly errorCode: number
}

/** Items below their topics, as requests want them; the order of first appearance is kept. */
export function byTopic<Item extends TopicPartition>(
  items: readonly Item[],
): { topic: string; items: Item[] }[] {
  const topics = new Map<string, Item[]>()
  for (const item of items) {
    const list = topics.get(item.topic)
    if (list === undefined) topics.set(item.topic, [item])
    else list.push(item)
  }
  return [...topics].map(([topic, list]) => ({ topic, items: list }))
}

/**
 * Asks the leader of each item and answers one outcome per item, in no particular order. What still
 * fails when the time for retries is over has its last error as outcome.
 */
export async function askLeaders<Item extends TopicPartition, Outcome extends PartitionOutcome>(
  client: KafkaClient,
  items: readonly Item[],
  ask: (leader: number, items: readonly Item[]) => Promise<readonly Outcome[]>,
): Promise<(Outcome | PartitionOutcome)[]> {
  const done: (Outcome | PartitionOutcome)[] = []
  let open: readonly Item[] = items
  let failed: PartitionOutcome[] = []
  const round = async (): Promise<void> => {
    failed = []
    const outcomes = await askOnce(client, open, ask)
    const again = new Set<string>()
    for (const outcome of outcomes) {
      if (errorByCode(outcome.errorCode).retriable) {
        failed.push(outcome)
        again.add(`${outcome.partition} ${outcome.topic}`)
        client.forgetTopic(outcome.topic)
      } else done.push(outcome)
    }
    open = open.filter(({ topic, partition }) => again.has(`${partition} ${topic}`))
    const [first] = failed
    if (first !== undefined) throw new KafkaError(first.errorCode)
  }
  try {
    await client.retry(round)
  } catch (error) {
    if (failed.length === 0) throw error
  }
  return [...done, ...failed]
}

async function askOnce<Item extends TopicPartition, Outcome extends PartitionOutcome>(
  client: KafkaClient,
  items: readonly Item[],
  ask: (leader: number, items: readonly Item[]) => Promise<readonly Outcome[]>,
): Promise<(Outcome | PartitionOutcome)[]> {
  const outcomes: (Outcome | PartitionOutcome)[] = []
  const byLeader = new Map<number, Item[]>()
  for (const item of items) {
    try {
      const { leader } = await client.partition(item.topic, item.partition)
      const list = byLeader.get(leader)
      if (list === undefined) byLeader.set(leader, [item])
      else list.push(item)
    } catch (error) {
      outcomes.push(failure(item, error))
    }
  }
  const answers = [...byLeader].map(async ([leader, list]) => {
    try {
      return await ask(leader, list)
    } catch (error) {
      return list.map((item) => failure(item, error))
    }
  })
  for (const answer of await Promise.all(answers)) outcomes.push(...answer)
  return outcomes
}

function failure({ topic, partition }: TopicPartition, error: unknown): PartitionOutcome {
  if (!(error instanceof KafkaError)) throw error
  return { topic, partition, errorCode: error.code }
}

/** Throws the error of the first outcome that has one. */
export function throwFirst(outcomes: readonly PartitionOutcome[]): void {
  for (const { errorCode, topic, partition } of outcomes) {
    if (errorCode === Errors.NONE) continue
    const { message } = errorByCode(errorCode)
    throw new KafkaError(errorCode, `${topic}-${partition}: ${message}`)
  }
}
