// `ottla topics`, Kafka's kafka-topics.sh: creates, lists, describes, alters and deletes topics.
import { Admin } from '../client/admin.ts'
import type { TopicMetadata } from '../client/topic-metadata.ts'
import { topicSettingNames } from '../config/topic-settings.ts'
import { Errors, KafkaError, errorByCode } from '../wire/errors.ts'
import type { CommandStreams } from './command.ts'
import { describeKafkaError } from './java-errors.ts'
import {
  FORMAT_OPTION,
  HELP_OPTIONS,
  OptionProblem,
  flag,
  integer,
  text,
  texts,
  type Options,
} from './options.ts'
import { isInternalTopic, topicPattern } from './topic-filter.ts'
import {
  ToolFailure,
  UsageProblem,
  logLine,
  printJson,
  propertiesOf,
  tool,
  withClient,
  type NamesOf,
} from './tool.ts'
import { TopicProblem, readAssignment, topicConfigs } from './topics-wanted.ts'
import { describeTopics, describeTopicsAsJson, type DescribeFilter } from './topics-describe.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  'command-config': text('file', 'Settings of the client, as key=value lines.'),
  list: flag('Print the names of all topics.'),
  create: flag('Create a topic.'),
  delete: flag('Delete topics.'),
  alter: flag('Raise the number of partitions, placing the new ones if wanted.'),
  describe: flag('Print partitions, leaders, replicas and settings.'),
  topic: text('name', 'The topic; except with --create, a list of regular expressions.'),
  'topic-id': text('id', 'Describe the topic of this id.'),
  config: texts(
    'name=value',
    `With --create: a setting of the topic, one of ${[...topicSettingNames()].join(', ')}.`,
  ),
  'delete-config': texts('name', 'Not available with --bootstrap-server; see the configs tool.'),
  partitions: integer('count', 'How many partitions; the default of the cluster when left out.'),
  'replication-factor': integer(
    'count',
    'Copies of each partition; the default of the cluster when left out.',
  ),
  'replica-assignment': text(
    'id:id,id:id,…',
    'Brokers of each partition, the preferred leader first.',
  ),
  'under-replicated-partitions': flag('Describe only partitions with replicas out of sync.'),
  'unavailable-partitions': flag('Describe only partitions without a leader.'),
  'under-min-isr-partitions': flag('Describe only partitions with too few replicas in sync.'),
  'at-min-isr-partitions': flag('Describe only partitions with just enough replicas in sync.'),
  'topics-with-overrides': flag('Describe only topics with settings of their own.'),
  'if-exists': flag('Do nothing when the topic does not exist.'),
  'if-not-exists': flag('With --create: do nothing when the topic exists.'),
  'exclude-internal': flag('Leave out topics that Kafka itself uses.'),
  'partition-size-limit-per-response': integer('count', 'Accepted; all partitions come at once.'),
  ...FORMAT_OPTION,
  ...HELP_OPTIONS,
} as const

type Name = NamesOf<typeof OPTIONS>
type TopicOptions = Options<Name>

const ACTIONS = ['create', 'list', 'alter', 'describe', 'delete'] as const
const CLASS = 'org.apache.kafka.tools.TopicCommand'

export const topicsCommand = tool({
  description: 'Creates, deletes, describes and changes topics.',
  options: OPTIONS,
  needsArguments: true,
  run,
  report,
})

async function run(options: TopicOptions, streams: CommandStreams): Promise<number> {
  const action = checkArguments(options)
  const bootstrap = options.text('bootstrap-server') ?? ''
  return withClient(bootstrap, propertiesOf(options.text('command-config')), async (client) => {
    const admin = new Admin(client)
    switch (action) {
      case 'create':
        await create(admin, options, streams)
        break
      case 'list':
        await list(admin, options, streams)
        break
      case 'alter':
        await alter(admin, options)
        break
      case 'describe':
        await describe(admin, options, streams)
        break
      case 'delete':
        await remove(admin, options)
        break
    }
    return 0
  })
}

/** Options that only some actions know, with those actions. */
const ONLY_WITH: readonly [Name, readonly (typeof ACTIONS)[number][]][] = [
  ['config', ['create']],
  ['partitions', ['create', 'alter']],
  ['replication-factor', ['create']],
  ['replica-assignment', ['create', 'alter']],
  ['under-replicated-partitions', ['describe']],
  ['under-min-isr-partitions', ['describe']],
  ['at-min-isr-partitions', ['describe']],
  ['unavailable-partitions', ['describe']],
  ['topics-with-overrides', ['describe']],
  ['if-exists', ['alter', 'delete', 'describe']],
  ['if-not-exists', ['create']],
  ['exclude-internal', ['list', 'describe']],
]

function checkArguments(options: TopicOptions): (typeof ACTIONS)[number] {
  const [action, ...others] = options.given(ACTIONS)
  if (action === undefined || others.length > 0) {
    throw new UsageProblem(
      'Command must include exactly one action: --list, --describe, --create, --alter or --delete',
    )
  }
  if (!options.has('bootstrap-server')) {
    throw new ToolFailure('--bootstrap-server must be specified')
  }
  const needsTopic = action === 'create' || action === 'alter' || action === 'delete'
  if (needsTopic && !options.has('topic'))
    throw new UsageProblem('Missing required argument "[topic]"')
  if (action === 'alter' && !options.has('partitions')) {
    throw new UsageProblem('Missing required argument "[partitions]"')
  }
  for (const [name, actions] of ONLY_WITH) {
    if (options.has(name) && !ACTIONS.some((one) => one === action && actions.includes(one))) {
      throw new UsageProblem(`Option "[${name}]" can't be used with option "[${action}]"`)
    }
  }
  if (action === 'create' && options.has('replica-assignment')) {
    for (const name of ['partitions', 'replication-factor'] as const) {
      if (options.has(name)) {
        throw new UsageProblem(
          `Option "[${name}]" can't be used with option "[replica-assignment]"`,
        )
      }
    }
  }
  return action
}

async function create(admin: Admin, options: TopicOptions, streams: CommandStreams): Promise<void> {
  const name = options.text('topic') ?? ''
  const configs = topicConfigs(options.texts('config'))
  if (/[._]/.test(name)) {
    streams.stdout.write(
      "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') " +
        'could collide. To avoid issues it is best to use either, but not both.\n',
    )
  }
  const partitions = options.integer('partitions')
  const replicationFactor = options.integer('replication-factor')
  if (partitions !== undefined && partitions < 1) {
    throw new TopicProblem('The partitions must be greater than 0')
  }
  const isFactorSound =
    replicationFactor === undefined || (replicationFactor >= 1 && replicationFactor <= 32_767)
  if (!isFactorSound) {
    throw new TopicProblem('The replication factor must be between 1 and 32767 inclusive')
  }
  const assignments = readAssignment(options.text('replica-assignment'))
  const topic = { name, partitions, replicationFactor, assignments, configs }
  const [outcome] = await admin.createTopics([topic])
  const code = outcome?.errorCode ?? Errors.NONE
  if (code === Errors.TOPIC_ALREADY_EXISTS && options.has('if-not-exists')) return
  throwIfError(code, outcome?.errorMessage)
  streams.stdout.write(`Created topic ${name}.\n`)
}

async function list(admin: Admin, options: TopicOptions, streams: CommandStreams): Promise<void> {
  const names = (await matchingNames(admin, options, options.text('topic'))).sort()
  if (options.wantsJson()) printJson(streams, names)
  else streams.stdout.write(`${names.join('\n')}\n`)
}

async function matchingNames(
  admin: Admin,
  options: TopicOptions,
  list: string | undefined,
): Promise<string[]> {
  const names = await admin.listTopics(true)
  const pattern = list === undefined ? undefined : topicPattern(list)
  return names.filter((name) => {
    if (options.has('exclude-internal') && isInternalTopic(name)) return false
    return pattern === undefined || pattern.test(name)
  })
}

function requireTopics(names: readonly string[], options: TopicOptions): void {
  const wanted = options.text('topic')
  if (wanted === undefined || names.length > 0 || options.has('if-exists')) return
  throw new TopicProblem(`Topic 'Optional[${wanted}]' does not exist as expected`)
}

async function alter(admin: Admin, options: TopicOptions): Promise<void> {
  const names = await matchingNames(admin, options, options.text('topic'))
  requireTopics(names, options)
  const count = options.integer('partitions') ?? 0
  const assignment = readAssignment(options.text('replica-assignment'))
  for (const topic of await admin.describeTopics(names)) {
    const added = assignment?.slice(topic.partitions.length)
    const request = added === undefined ? {} : { assignments: added }
    const [outcome] = await admin.createPartitions(topic.name, count, request)
    throwIfError(outcome?.errorCode ?? Errors.NONE, outcome?.errorMessage)
  }
}

async function remove(admin: Admin, options: TopicOptions): Promise<void> {
  const names = await matchingNames(admin, options, options.text('topic'))
  requireTopics(names, options)
  if (names.length === 0) return
  for (const outcome of await admin.deleteTopics(names)) {
    throwIfError(outcome.errorCode, outcome.errorMessage)
  }
}

async function describe(
  admin: Admin,
  options: TopicOptions,
  streams: CommandStreams,
): Promise<void> {
  const topics = await topicsToDescribe(admin, options)
  const filter: DescribeFilter = {
    underReplicated: options.has('under-replicated-partitions'),
    unavailable: options.has('unavailable-partitions'),
    underMinIsr: options.has('under-min-isr-partitions'),
    atMinIsr: options.has('at-min-isr-partitions'),
    withOverrides: options.has('topics-with-overrides'),
  }
  if (options.wantsJson()) printJson(streams, await describeTopicsAsJson(admin, topics, filter))
  else streams.stdout.write(await describeTopics(admin, topics, filter))
}

async function topicsToDescribe(admin: Admin, options: TopicOptions): Promise<TopicMetadata[]> {
  const id = options.text('topic-id')
  if (id !== undefined) {
    const all = await admin.describeTopics(await admin.listTopics(true))
    const found = all.filter((topic) => topic.id === id)
    if (found.length === 0 && !options.has('if-exists')) {
      throw new TopicProblem(`TopicId '${id}' does not exist as expected`)
    }
    return found
  }
  const names = await matchingNames(admin, options, options.text('topic'))
  requireTopics(names, options)
  return names.length === 0 ? [] : admin.describeTopics(names)
}

function throwIfError(code: number, message: string | null | undefined): void {
  if (code === Errors.NONE) return
  throw new KafkaError(code, message ?? errorByCode(code).message)
}

function report(error: unknown, streams: CommandStreams): number {
  if (error instanceof OptionProblem) {
    streams.stderr.write(`${error.message}\n`)
    return 1
  }
  if (!(error instanceof KafkaError || error instanceof TopicProblem)) throw error
  streams.stdout.write(`Error while executing topic command : ${error.message}\n`)
  const cause =
    error instanceof KafkaError ? describeKafkaError(error) : `${error.exception}: ${error.message}`
  streams.stderr.write(logLine('ERROR', `${cause}\n`, CLASS))
  return 1
}
