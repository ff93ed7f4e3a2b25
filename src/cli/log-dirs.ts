// `ottla log-dirs`, Kafka's kafka-log-dirs.sh: what lies in the log directories of brokers.
import type { KafkaClient } from '../client/kafka-client.ts'
import { Errors } from '../wire/errors.ts'
import { DescribeLogDirs } from '../wire/messages/35-describe-log-dirs.ts'
import type { DescribeLogDirsResponse } from '../wire/messages/35-describe-log-dirs.ts'
import type { CommandStreams } from './command.ts'
import { describeError } from './java-errors.ts'
import { FORMAT_OPTION, HELP_OPTIONS, flag, text, type Options } from './options.ts'
import {
  ToolFailure,
  UsageProblem,
  printJson,
  propertiesOf,
  required,
  tool,
  withClient,
  type NamesOf,
} from './tool.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  'command-config': text('file', 'Settings of the client, as key=value lines.'),
  describe: flag('REQUIRED: print what is there.'),
  'topic-list': text('name,…', 'Only these topics.'),
  'broker-list': text('0,1,…', 'Only these brokers.'),
  ...FORMAT_OPTION,
  ...HELP_OPTIONS,
} as const

type LogDirOptions = Options<NamesOf<typeof OPTIONS>>
type Directory = DescribeLogDirsResponse['results'][number]

export const logDirsCommand = tool({
  description: 'Prints what lies in the log directories of brokers.',
  options: OPTIONS,
  needsArguments: true,
  run,
})

async function run(options: LogDirOptions, streams: CommandStreams): Promise<number> {
  if (!options.has('describe')) throw new UsageProblem('Missing required argument "[describe]"')
  const bootstrap = required(options, 'bootstrap-server')
  const properties = propertiesOf(options.text('command-config'))
  return withClient(bootstrap, properties, async (client) => {
    const ids = brokersOf(client, options)
    const names = listOf(options.text('topic-list'))
    const isJson = options.wantsJson()
    if (!isJson) streams.stdout.write('Querying brokers for log directories information\n')
    const brokers = []
    for (const id of ids) {
      const answer = await client.retry(() =>
        client.node(id).call(DescribeLogDirs, { topics: null }),
      )
      brokers.push({ broker: id, logDirs: answer.results.map((one) => directory(one, names)) })
    }
    if (!isJson) {
      streams.stdout.write(`Received log directory information from brokers ${ids.join(',')}\n`)
    }
    printJson(streams, { brokers, version: 1 })
    return 0
  })
}

function listOf(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function brokersOf(client: KafkaClient, options: LogDirOptions): number[] {
  const existing = client.brokers.map(({ id }) => id).toSorted((a, b) => a - b)
  const wanted = listOf(options.text('broker-list'))
  if (wanted.length === 0) return existing
  const missing = wanted.filter((id) => !existing.includes(Number(id)))
  if (missing.length > 0) {
    throw new ToolFailure(
      `ERROR: The given brokers do not exist from --broker-list: ${missing.join(',')}. Current existent brokers: ${existing.join(',')}`,
    )
  }
  return wanted.map(Number)
}

function directory({ logDir, errorCode, topics }: Directory, names: readonly string[]): unknown {
  const partitions = topics
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .flatMap(({ name, partitions: all }) =>
      all.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
        partition: `${name}-${partitionIndex}`,
        size: partitionSize,
        offsetLag,
        isFuture: isFutureKey,
      })),
    )
  const error = errorCode === Errors.NONE ? null : describeError(errorCode)
  return { partitions, error, logDir }
}
