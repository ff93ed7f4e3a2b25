// `ottla console-consumer`, Kafka's kafka-console-consumer.sh: prints the records of topics.
import {
  parsePairs,
  readPropertiesFile,
  wholeNumber,
  type Properties,
} from './client-properties.ts'
import type { CommandStreams } from './command.ts'
import { printRecords, type ConsumePlan } from './console-consumer-loop.ts'
import { HELP_OPTIONS, flag, integer, text, texts, type Options } from './options.ts'
import { recordFormatter } from './record-format.ts'
import { UsageProblem, required, tool, withClient, type NamesOf } from './tool.ts'
import { topicPattern } from './topic-filter.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  topic: text('name', 'The topic to read.'),
  include: text('pattern', 'Topics to read: a list of regular expressions.'),
  whitelist: text('pattern', 'The old name of --include.'),
  partition: integer('partition', 'Read this partition only, without a group.'),
  offset: text('offset', 'Where to begin in the partition: earliest, latest or a number.'),
  'from-beginning': flag('Begin with the oldest record where the group has no offset yet.'),
  group: text('id', 'Read as a member of this group, and commit how far it came.'),
  'max-messages': integer('count', 'End after this many records.'),
  'timeout-ms': integer('ms', 'End when no record has come for this long.'),
  'isolation-level': text(
    'level',
    'read_uncommitted when left out, or read_committed to hide open and aborted transactions.',
  ),
  property: texts(
    'name=value',
    'How records are printed: print.timestamp, print.partition, print.offset, print.headers, print.key, print.value (true or false); key.separator, line.separator, headers.separator, null.literal; key.deserializer, value.deserializer, headers.deserializer.',
  ),
  formatter: text(
    'class',
    'DefaultMessageFormatter when left out; LoggingMessageFormatter, NoOpMessageFormatter; for __consumer_offsets OffsetsMessageFormatter, GroupMetadataMessageFormatter.',
  ),
  'formatter-config': text('file', 'The same properties from a file; --property comes first.'),
  'key-deserializer': text('class', 'How keys become text.'),
  'value-deserializer': text('class', 'How values become text.'),
  'consumer-property': texts('name=value', 'A setting of the consumer.'),
  'consumer.config': text('file', 'Settings of the consumer; --consumer-property comes first.'),
  'skip-message-on-error': flag('Go on after a record that cannot be printed.'),
  'enable-systest-events': flag('Say when reading has ended.'),
  ...HELP_OPTIONS,
} as const

type ConsumerToolOptions = Options<NamesOf<typeof OPTIONS>>

const DEFAULT_FORMATTER = 'org.apache.kafka.tools.consumer.DefaultMessageFormatter'
const AUTO_COMMIT_MS = 5000

export const consoleConsumerCommand = tool({
  description: 'Prints the records of topics.',
  options: OPTIONS,
  needsArguments: true,
  run,
})

async function run(options: ConsumerToolOptions, streams: CommandStreams): Promise<number> {
  const properties = consumerProperties(options)
  const plan = planOf(options, properties)
  const bootstrap = required(options, 'bootstrap-server')
  const count = await withClient(bootstrap, properties, (client) =>
    printRecords(client, plan, streams),
  )
  if (options.has('enable-systest-events')) streams.stdout.write('shutdown_complete\n')
  streams.stderr.write(`Processed a total of ${count} messages\n`)
  return 0
}

function consumerProperties(options: ConsumerToolOptions): Properties {
  const file = options.text('consumer.config')
  return new Map([
    ['client.id', 'console-consumer'],
    ...(file === undefined ? [] : readPropertiesFile(file)),
    ...parsePairs(options.texts('consumer-property')),
  ])
}

function planOf(options: ConsumerToolOptions, properties: Properties): ConsumePlan {
  const topic = options.text('topic')
  const include = options.text('include') ?? options.text('whitelist')
  if ((topic === undefined) === (include === undefined)) {
    throw new UsageProblem('Exactly one of --include/--topic is required. ')
  }
  const partition = options.integer('partition')
  const group = groupOf(options, properties)
  checkPlaces(options, topic, partition, group)
  const reset = resetOf(options, properties)
  const isolation =
    options.text('isolation-level') ?? properties.get('isolation.level') ?? 'read_uncommitted'
  const offset = options.text('offset')
  return {
    topic,
    pattern: include === undefined ? undefined : topicPattern(include),
    partition,
    start: offset === undefined || !/^\d+$/.test(offset) ? undefined : Number(offset),
    reset: offset === 'earliest' ? 'earliest' : reset,
    group,
    autoCommitMs:
      properties.get('enable.auto.commit') === 'false'
        ? undefined
        : (wholeNumber(properties, 'auto.commit.interval.ms') ?? AUTO_COMMIT_MS),
    readCommitted: isolation === 'read_committed',
    maxMessages: limitOf(options.integer('max-messages')),
    timeoutMs: limitOf(options.integer('timeout-ms')),
    format: recordFormatter(options.text('formatter') ?? DEFAULT_FORMATTER, formatting(options)),
    skipErrors: options.has('skip-message-on-error'),
  }
}

/** Negative numbers stand for no limit. */
function limitOf(value: number | undefined): number {
  return value === undefined || value < 0 ? Infinity : value
}

function groupOf(options: ConsumerToolOptions, properties: Properties): string | undefined {
  const groups = [options.text('group'), properties.get('group.id')].filter(
    (group) => group !== undefined,
  )
  if (new Set(groups).size > 1) {
    throw new UsageProblem(
      'The group ids provided in different places (directly using --group, via --consumer-property, or via --consumer.config) do not match. ' +
        `Detected group ids: ${groups.map((group) => `'${group}'`).join(', ')}`,
    )
  }
  return groups[0]
}

function checkPlaces(
  options: ConsumerToolOptions,
  topic: string | undefined,
  partition: number | undefined,
  group: string | undefined,
): void {
  const offset = options.text('offset')
  if (partition !== undefined && topic === undefined) {
    throw new UsageProblem('The topic is required when partition is specified.')
  }
  if (offset !== undefined && partition === undefined) {
    throw new UsageProblem('The partition is required when offset is specified.')
  }
  if (offset !== undefined && options.has('from-beginning')) {
    throw new UsageProblem('Options from-beginning and offset cannot be specified together.')
  }
  const isOffset =
    offset === undefined || offset === 'earliest' || offset === 'latest' || /^\d+$/.test(offset)
  if (!isOffset) {
    throw new UsageProblem(
      `The provided offset value '${offset}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
    )
  }
  if (group !== undefined && partition !== undefined) {
    throw new UsageProblem('Options group and partition cannot be specified together.')
  }
}

function resetOf(
  options: ConsumerToolOptions,
  properties: Properties,
): 'earliest' | 'latest' | 'none' {
  const reset = properties.get('auto.offset.reset')
  const isEarliest = reset === undefined || reset === 'earliest'
  if (options.has('from-beginning') && !isEarliest) {
    throw new UsageProblem(
      `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${reset}', please remove one option`,
    )
  }
  if (options.has('from-beginning')) return 'earliest'
  return reset === 'earliest' || reset === 'none' ? reset : 'latest'
}

function formatting(options: ConsumerToolOptions): Properties {
  const file = options.text('formatter-config')
  const properties = new Map([
    ...(file === undefined ? [] : readPropertiesFile(file)),
    ...parsePairs(options.texts('property')),
  ])
  for (const side of ['key', 'value'] as const) {
    const className = options.text(`${side}-deserializer`)
    if (className !== undefined) properties.set(`${side}.deserializer`, className)
  }
  return properties
}
