// `ottla leader-election`, Kafka's kafka-leader-election.sh: makes preferred replicas leaders again,
// or any replica where none in sync is left.
import { Errors } from '../wire/errors.ts'
import { ElectLeaders } from '../wire/messages/43-elect-leaders.ts'
import type { CommandStreams } from './command.ts'
import { byTopic, type TopicPartition } from '../client/partition-leaders.ts'
import { describeError } from './java-errors.ts'
import { numberOf, readRows, textOf } from './json-file.ts'
import { HELP_OPTIONS, flag, integer, text, type Options } from './options.ts'
import { ToolFailure, propertiesOf, tool, withClient, type NamesOf } from './tool.ts'
import { OptionProblem } from './options.ts'
import { KafkaError } from '../wire/errors.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  'admin.config': text('file', 'Settings of the client, as key=value lines.'),
  'election-type': text(
    'preferred|unclean',
    'REQUIRED: the first replica of each partition, or any that is alive where there is no leader.',
  ),
  'all-topic-partitions': flag('Every partition.'),
  topic: text('name', 'The topic, with --partition.'),
  partition: integer('partition', 'The partition, with --topic.'),
  'path-to-json-file': text('file', '{"partitions": [{"topic": "foo", "partition": 1}]}'),
  ...HELP_OPTIONS,
} as const

type ElectionOptions = Options<NamesOf<typeof OPTIONS>>
interface Outcome extends TopicPartition {
  readonly errorCode: number
  readonly message: string | null
}

const TYPES = { PREFERRED: 0, UNCLEAN: 1 } as const
const TIMEOUT_MS = 30_000

export const leaderElectionCommand = tool({
  description: 'Elects leaders of partitions.',
  options: OPTIONS,
  needsArguments: true,
  run,
  report: (error, streams) => {
    if (!(error instanceof OptionProblem)) return undefined
    streams.stderr.write(`${error.message}\n`)
    return 1
  },
})

async function run(options: ElectionOptions, streams: CommandStreams): Promise<number> {
  checkArguments(options)
  const type = typeOf(options.text('election-type') ?? '')
  const partitions = partitionsOf(options)
  const bootstrap = options.text('bootstrap-server') ?? ''
  return withClient(bootstrap, propertiesOf(options.text('admin.config')), async (client) => {
    const topicPartitions =
      partitions === null
        ? null
        : byTopic(partitions).map(({ topic, items }) => ({
            topic,
            partitions: items.map(({ partition }) => partition),
          }))
    const answer = await client.callController(
      ElectLeaders,
      { electionType: TYPES[type], topicPartitions, timeoutMs: TIMEOUT_MS },
      (response) => response.errorCode,
    )
    if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode)
    const outcomes = answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map(({ partitionId, errorCode, errorMessage }) => ({
        topic,
        partition: partitionId,
        errorCode,
        message: errorMessage,
      })),
    )
    print(type, outcomes, streams)
    return 0
  })
}

function checkArguments(options: ElectionOptions): void {
  const required = (['bootstrap-server', 'election-type'] as const).filter(
    (name) => !options.has(name),
  )
  if (required.length > 0) {
    throw new ToolFailure(`Missing required option(s): ${required.join(', ')}`)
  }
  const scopes = options.given(['topic', 'all-topic-partitions', 'path-to-json-file'])
  if (scopes.length !== 1) {
    throw new ToolFailure(
      'One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file',
    )
  }
  if (options.has('topic') && !options.has('partition')) {
    throw new ToolFailure('Missing required option(s): partition')
  }
  if (options.has('partition') && !options.has('topic')) {
    throw new ToolFailure('Option partition is only allowed if topic is used')
  }
}

function typeOf(text: string): keyof typeof TYPES {
  const name = text.toUpperCase()
  if (name === 'PREFERRED' || name === 'UNCLEAN') return name
  throw new OptionProblem(`Cannot parse argument '${text}' of option election-type`)
}

/** Null: all of them. */
function partitionsOf(options: ElectionOptions): TopicPartition[] | null {
  const file = options.text('path-to-json-file')
  if (file !== undefined) {
    return readRows(file, 'partitions').map((row) => ({
      topic: textOf(file, row, 'topic'),
      partition: numberOf(file, row, 'partition'),
    }))
  }
  const topic = options.text('topic')
  if (topic === undefined) return null
  return [{ topic, partition: options.integer('partition') ?? 0 }]
}

function print(
  type: keyof typeof TYPES,
  outcomes: readonly Outcome[],
  streams: CommandStreams,
): void {
  const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`
  const done = outcomes.filter(({ errorCode }) => errorCode === Errors.NONE)
  const needless = outcomes.filter(({ errorCode }) => errorCode === Errors.ELECTION_NOT_NEEDED)
  const failed = outcomes.filter(
    ({ errorCode }) => errorCode !== Errors.NONE && errorCode !== Errors.ELECTION_NOT_NEEDED,
  )
  if (done.length > 0) {
    streams.stdout.write(
      `Successfully completed leader election (${type}) for partitions ${done.map(nameOf).join(', ')}\n`,
    )
  }
  if (needless.length > 0) {
    streams.stdout.write(
      `Valid replica already elected for partitions ${needless.map(nameOf).join(', ')}\n`,
    )
  }
  for (const outcome of failed) {
    streams.stdout.write(
      `Error completing leader election (${type}) for partition: ${nameOf(outcome)}: ${describeError(outcome.errorCode, outcome.message)}\n`,
    )
  }
  if (failed.length > 0) throw new ToolFailure(`${failed.length} replica(s) could not be elected`)
}
