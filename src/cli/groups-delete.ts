// Deleting groups, and what groups have committed.
import { Admin } from '../client/admin.ts'
import type { GroupAdmin } from '../client/group-admin.ts'
import type { PartitionOutcome, TopicPartition } from '../client/partition-leaders.ts'
import { Errors, KafkaError, errorByCode } from '../wire/errors.ts'
import type { CommandStreams } from './command.ts'
import type { GroupOptions } from './groups-options.ts'
import { describeError, describeKafkaError } from './java-errors.ts'
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
  const places = await placesOf(admin, topics)
  let outcomes: readonly PartitionOutcome[]
  let groupError: number = Errors.NONE
  try {
    outcomes = await admin.deleteOffsets(group, places)
  } catch (failure) {
    if (!(failure instanceof KafkaError)) throw failure
    groupError = failure.code
    outcomes = places.map((place) => ({ ...place, errorCode: groupError }))
  }
  streams.stdout.write(headline(group, topics.join(', '), groupError, outcomes))
  const row = (topic: string, partition: string, status: string): string =>
    `${topic.padEnd(30)} ${partition.padEnd(15)} ${status.padEnd(15)}`
  const rows = outcomes.map(({ topic, partition, errorCode }) =>
    row(
      topic,
      String(partition),
      errorCode === Errors.NONE ? 'Successful' : `Error: :${describeError(errorCode)}`,
    ),
  )
  streams.stdout.write(`\n${row('TOPIC', 'PARTITION', 'STATUS')}${rows.join('')}`)
}

function headline(
  group: string,
  topics: string,
  groupError: number,
  outcomes: readonly PartitionOutcome[],
): string {
  switch (groupError) {
    case Errors.NONE:
      break
    case Errors.GROUP_ID_NOT_FOUND:
      return `\nError: '${group}' does not exist.\n`
    case Errors.NON_EMPTY_GROUP:
      return `\nError: '${group}' is not an empty group.\n`
    default:
      return `\nError: ${errorByCode(groupError).message}\n`
  }
  if (outcomes.some(({ errorCode }) => errorCode !== Errors.NONE)) {
    return '\nError: Encounter some partition level error, see the follow-up details:\n'
  }
  return `Request succeed for deleting offsets with topic ${topics} group ${group}\n`
}
