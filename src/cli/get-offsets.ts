// `ottla get-offsets`, Kafka's kafka-get-offsets.sh: offsets of partitions at a time or at an end of
// their logs.
import { Admin, OffsetSpec, type OffsetOutcome } from '../client/admin.ts'
import { Errors, KafkaError, errorByCode } from '../wire/errors.ts'
import type { CommandStreams } from './command.ts'
import { FORMAT_OPTION, HELP_OPTIONS, OptionProblem, flag, text, type Options } from './options.ts'
import { partitionRules, topicAndPartitions, type PartitionFilter } from './partition-filter.ts'
import { ToolFailure, printJson, propertiesOf, tool, withClient, type NamesOf } from './tool.ts'
import { isInternalTopic } from './topic-filter.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  'broker-list': text('host:port,…', 'The old name of --bootstrap-server.'),
  'command-config': text('file', 'Settings of the client, as key=value lines.'),
  topic: text('pattern', 'Topics: a list of regular expressions; all when left out.'),
  partitions: text('0,1,…', 'Partitions of those topics; all when left out.'),
  'topic-partitions': text(
    'rule,…',
    'Topics with partitions: topic, topic:1, topic:1-3 (3 is left out), topic:1-, topic:-3, :1.',
  ),
  time: text(
    'when',
    'latest (-1) when left out, earliest (-2), max-timestamp (-3), earliest-local (-4), latest-tiered (-5), or milliseconds since 1970.',
  ),
  'exclude-internal-topics': flag('Leave out topics that Kafka itself uses.'),
  ...FORMAT_OPTION,
  ...HELP_OPTIONS,
} as const

type OffsetOptions = Options<NamesOf<typeof OPTIONS>>

const TIMES: ReadonlyMap<string, number> = new Map([
  ['latest', OffsetSpec.latest],
  ['earliest', OffsetSpec.earliest],
  ['max-timestamp', OffsetSpec.maxTimestamp],
  ['earliest-local', -4],
  ['latest-tiered', -5],
])

export const getOffsetsCommand = tool({
  description: 'Prints offsets of partitions.',
  options: OPTIONS,
  needsArguments: true,
  run,
  report: (error, streams) => {
    const isExpected = error instanceof OptionProblem || error instanceof KafkaError
    if (!isExpected) throw error
    streams.stderr.write(`Error occurred: ${error.message}\n`)
    return 1
  },
})

async function run(options: OffsetOptions, streams: CommandStreams): Promise<number> {
  const bootstrap = options.text('bootstrap-server') ?? options.text('broker-list')
  if (bootstrap === undefined) {
    throw new ToolFailure('Error occurred: Missing required option(s) [bootstrap-server]')
  }
  const filter = filterOf(options)
  const timestamp = timeOf(options.text('time') ?? 'latest')
  const isWanted: PartitionFilter = (topic, partition) =>
    filter(topic, partition) && !(options.has('exclude-internal-topics') && isInternalTopic(topic))
  return withClient(bootstrap, propertiesOf(options.text('command-config')), async (client) => {
    const admin = new Admin(client)
    const topics = await admin.describeTopics(await admin.listTopics(true))
    const partitions = topics
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ name, partitions: all }) =>
        all.map(({ partition }) => ({ topic: name, partition, timestamp })),
      )
      .filter(({ topic, partition }) => isWanted(topic, partition))
    if (partitions.length === 0) {
      throw new ToolFailure(
        'Error occurred: Could not match any topic-partitions with the specified filters',
      )
    }
    const outcomes = await admin.listOffsets(partitions)
    print(outcomes.toSorted(byPartition), options, streams)
    return 0
  })
}

function filterOf(options: OffsetOptions): PartitionFilter {
  const rules = options.text('topic-partitions')
  if (rules === undefined)
    return topicAndPartitions(options.text('topic'), options.text('partitions'))
  if (options.has('topic') || options.has('partitions')) {
    throw new ToolFailure(
      'Error occurred: --topic-partitions cannot be used with --topic or --partitions',
    )
  }
  return partitionRules(rules)
}

function timeOf(when: string): number {
  const named = TIMES.get(when)
  if (named !== undefined) return named
  if (/^-?\d{1,16}$/.test(when)) return Number(when)
  throw new ToolFailure(
    `Error occurred: Malformed time argument ${when}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or latest-tiered, or a specified long format timestamp`,
  )
}

function byPartition(a: OffsetOutcome, b: OffsetOutcome): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}

function print(
  outcomes: readonly OffsetOutcome[],
  options: OffsetOptions,
  streams: CommandStreams,
): void {
  for (const { topic, partition, errorCode } of outcomes) {
    if (errorCode === Errors.NONE) continue
    streams.stderr.write(
      `Skip getting offsets for topic-partition ${topic}:${partition} due to error: ${errorByCode(errorCode).message}\n`,
    )
  }
  const known = outcomes.filter(({ errorCode, offset }) => errorCode === Errors.NONE && offset >= 0)
  if (options.wantsJson()) {
    printJson(
      streams,
      known.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    )
    return
  }
  const lines = known.map(({ topic, partition, offset }) => `${topic}:${partition}:${offset}\n`)
  streams.stdout.write(lines.join(''))
}
