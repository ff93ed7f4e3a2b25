// Reads and prints until enough has come, nothing comes any more, the reader of the output has gone,
// or the user says stop.
//
// Always: with a group, what is committed at the end is exactly what was printed.
import { Consumer, type ConsumedRecord, type ConsumerOptions } from '../client/consumer.ts'
import type { KafkaClient } from '../client/kafka-client.ts'
import { topicsOf } from '../client/topic-metadata.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import type { CommandStreams } from './command.ts'
import { describeKafkaError } from './java-errors.ts'
import { Output } from './output.ts'
import type { RecordFormatter } from './record-format.ts'
import { logLine } from './tool.ts'

export interface ConsumePlan {
  readonly topic: string | undefined
  readonly pattern: RegExp | undefined
  readonly partition: number | undefined
  /** Offset to begin at in `partition`. */
  readonly start: number | undefined
  readonly reset: 'earliest' | 'latest' | 'none'
  readonly group: string | undefined
  readonly autoCommitMs: number | undefined
  readonly readCommitted: boolean
  readonly maxMessages: number
  readonly timeoutMs: number
  readonly format: RecordFormatter
  readonly skipErrors: boolean
}

const POLL_MS = 250
const SOURCE = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
const STOPPED = 'Error processing message, terminating consumer process: '

/** How many records were read. */
export async function printRecords(
  client: KafkaClient,
  plan: ConsumePlan,
  streams: CommandStreams,
): Promise<number> {
  const consumer = new Consumer(client, consumerOptions(plan))
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  let count = 0
  try {
    await start(client, consumer, plan)
    count = await consume(consumer, plan, streams, stop.signal)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    streams.stderr.write(`${logLine('ERROR', STOPPED, SOURCE)}${describeKafkaError(error)}\n`)
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    await consumer.close()
  }
  return count
}

function consumerOptions(plan: ConsumePlan): ConsumerOptions {
  const { group, reset, readCommitted, autoCommitMs } = plan
  return {
    autoOffsetReset: reset,
    readCommitted,
    ...(group === undefined ? {} : { group: { groupId: group }, autoCommitMs }),
  }
}

/** Subscribes as a member of the group, or takes every partition without one. */
async function start(client: KafkaClient, consumer: Consumer, plan: ConsumePlan): Promise<void> {
  const topics = await topicsToRead(client, plan)
  if (plan.group !== undefined) {
    consumer.subscribe(topics)
    return
  }
  const partitions = []
  for (const topic of topics) {
    const described = await client.retry(() => client.topic(topic))
    for (const { partition } of described.partitions) {
      if (plan.partition === undefined || plan.partition === partition) {
        partitions.push({ topic, partition })
      }
    }
  }
  if (partitions.length === 0 && plan.partition !== undefined) {
    throw new KafkaError(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  }
  consumer.assign(partitions)
  const [first] = partitions
  if (plan.start !== undefined && first !== undefined) {
    consumer.seek(first.topic, first.partition, plan.start)
  }
}

async function topicsToRead(client: KafkaClient, plan: ConsumePlan): Promise<string[]> {
  const { topic, pattern } = plan
  if (pattern !== undefined) {
    const topics = topicsOf(await client.retry(() => client.refresh(null)))
    return topics
      .filter(({ name, isInternal }) => !isInternal && pattern.test(name))
      .map(({ name }) => name)
  }
  if (topic === undefined) return []
  const [known] = topicsOf(await client.retry(() => client.refresh([topic])))
  // Brokers that create topics on demand do so for readers, too.
  if (known?.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION) await client.createMissing(topic)
  return [topic]
}

async function consume(
  consumer: Consumer,
  plan: ConsumePlan,
  streams: CommandStreams,
  stop: AbortSignal,
): Promise<number> {
  const output = new Output(streams.stdout)
  let count = 0
  let lastMs = Date.now()
  while (count < plan.maxMessages && !stop.aborted) {
    const records = await consumer.poll(Math.min(POLL_MS, plan.timeoutMs))
    const wanted = records.slice(0, plan.maxMessages - count)
    count += wanted.length
    if (wanted.length > 0) {
      await output.write(printed(wanted, plan, streams))
      lastMs = Date.now()
    } else if (Date.now() - lastMs >= plan.timeoutMs) {
      streams.stderr.write(
        `${logLine('ERROR', STOPPED, SOURCE)}org.apache.kafka.common.errors.TimeoutException\n`,
      )
      break
    }
    giveBack(consumer, records.slice(wanted.length))
    if (output.isBroken) {
      streams.stderr.write('Unable to write to standard out, closing consumer.\n')
      break
    }
  }
  return count
}

function printed(
  records: readonly ConsumedRecord[],
  plan: ConsumePlan,
  streams: CommandStreams,
): Buffer {
  const chunks: Buffer[] = []
  for (const record of records) {
    try {
      chunks.push(plan.format(record))
    } catch (error) {
      // A number in too few bytes, say.
      if (!plan.skipErrors) throw error
      const message = error instanceof Error ? error.message : String(error)
      streams.stderr.write(
        logLine('ERROR', `Error processing message, skipping this message: ${message}`, SOURCE),
      )
    }
  }
  return Buffer.concat(chunks)
}

/** Records that were fetched but not wanted will be read again by whoever comes next. */
function giveBack(consumer: Consumer, records: readonly ConsumedRecord[]): void {
  const seen = new Set<string>()
  for (const { topic, partition, offset } of records) {
    const key = `${topic}-${partition}`
    if (seen.has(key)) continue
    seen.add(key)
    consumer.seek(topic, partition, offset)
  }
}
