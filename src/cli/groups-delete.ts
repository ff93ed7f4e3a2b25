// Deleting groups, and what groups have committed.
import { Admin } from '../client/admin.ts'
import type { GroupAdmin } from '../client/group-admin.ts'
import type { PartitionOutcome, TopicPartition } from '../client/partition-leaders.ts'
import { Errors, KafkaError, errorByCode } from '../wire/errors.ts'
import type { CommandStreams } from './command.ts'
import type { GroupOptions } from './groups-options.ts'
import { describeKafkaError } from './java-errors.ts'
import { OptionProblem } from './options.ts'

export async function deleteGroups(
  admin: GroupAdmin,
  groups: readonly string[],
  streams: CommandStreams,
): Promise<void> {
  const deleted: string[] = []
  const failed: string[] = []
  for (const group of groups) {
    try {
      await admin.delete(group)
      deleted.push(`'${group}'`)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      failed.push(
        `* Group '${group}' could not be deleted due to: java.util.concurrent.ExecutionException: ${describeKafkaError(error)}`,
      )
    }
  }
  if (failed.length === 0) {
    streams.stdout.write(
      `Deletion of requested consumer groups (${deleted.join(', ')}) was successful.\n`,
    )
    return
  }
  streams.stdout.write(`\nError: Deletion of some consumer groups failed:\n${failed.join('\n')}\n`)
  if (deleted.length > 0) {
    streams.stdout.write(
      `\nThese consumer groups were deleted successfully: ${deleted.join(', ')}\n`,
    )
  }
}

/** `topic` or `topic:0,1` each, as partitions. Throws KafkaError for a topic that is not there. */
export async function placesOf(
  admin: GroupAdmin,
  topics: readonly string[],
): Promise<TopicPartition[]> {
  const places: TopicPartition[] = []
  for (const text of topics) {
    const colon = text.indexOf(':')
    const topic = colon < 0 ? text : text.slice(0, colon)
    if (colon >= 0) {
      for (const id of text.slice(colon + 1).split(',')) {
        if (!/^\d+$/.test(id)) throw new OptionProblem(`Invalid partition '${id}' in '${text}'`)
        places.push({ topic, partition: Number(id) })
      }
      continue
    }
    const [found] = await new Admin(admin.client).describeTopics([topic])
    const error = found?.errorCode ?? Errors.UNKNOWN_TOPIC_OR_PARTITION
    if (found === undefined || error !== Errors.NONE) throw new KafkaError(error)
    for (const { partition } of found.partitions) places.push({ topic, partition })
  }
  return places
}

export async function deleteGroupOffsets(
  admin: GroupAdmin,
  options: GroupOptions,
  streams: CommandStreams,
): Promise<void> {
  const group = options.text('group') ?? ''
  const topics = options.texts('topic')
  let outcomes: PartitionOutcome[] = []
  let error: number = Errors.NONE
  try {
    outcomes = await admin.deleteOffsets(group, await placesOf(admin, topics))
    error = outcomes.find(({ errorCode }) => errorCode !== Errors.NONE)?.errorCode ?? Errors.NONE
  } catch (failure) {
    if (!(failure instanceof KafkaError)) throw failure
    error = failure.code
  }
  if (error === Errors.NONE) {
    streams.stdout.write(
      `Request succeed for deleting offsets with topic ${topics.join(', ')} group ${group}\n`,
    )
  } else if (outcomes.length > 0) {
    streams.stdout.write(
      '\nError: Encountered some partition-level error, see the follow-up details:\n',
    )
  } else streams.stdout.write(`\nError: ${errorByCode(error).message}\n`)
  const row = (topic: string, partition: string, status: string): string =>
    `${topic.padEnd(30)} ${partition.padEnd(15)} ${status.padEnd(15)}`
  const rows = outcomes.map(({ topic, partition, errorCode }) =>
    row(
      topic,
      String(partition),
      errorCode === Errors.NONE ? 'Successful' : `Error: ${errorByCode(errorCode).message}`,
    ),
  )
  streams.stdout.write(`\n${row('TOPIC', 'PARTITION', 'STATUS')}${rows.join('')}`)
}
