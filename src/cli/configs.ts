// `ottla configs`, Kafka's kafka-configs.sh: shows and changes the settings of topics and brokers,
// quotas, and passwords.
import { Admin } from '../client/admin.ts'
import type { KafkaClient } from '../client/kafka-client.ts'
import { KafkaError } from '../wire/errors.ts'
import type { CommandStreams } from './command.ts'
import { readChanges } from './configs-changes.ts'
import { checkBrokerName, readEntities, type Entity } from './configs-entities.ts'
import {
  alterQuotas,
  describePasswords,
  describeQuotas,
  passwordLine,
  quotaLine,
} from './configs-quotas.ts'
import {
  alterResource,
  describeResources,
  isResource,
  printResources,
  settingAsJson,
} from './configs-resources.ts'
import { describeKafkaError } from './java-errors.ts'
import {
  FORMAT_OPTION,
  HELP_OPTIONS,
  OptionProblem,
  flag,
  text,
  texts,
  type Options,
} from './options.ts'
import {
  ToolFailure,
  UsageProblem,
  printJson,
  propertiesOf,
  tool,
  withClient,
  type NamesOf,
} from './tool.ts'
import type { Command } from './command.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'Brokers to ask first.'),
  'bootstrap-controller': text('host:port,…', 'Not available: controllers are brokers here.'),
  'command-config': text('file', 'Settings of the client, as key=value lines.'),
  alter: flag('Change settings.'),
  describe: flag('Print settings.'),
  all: flag('Describe everything, not only what was set for the entity itself.'),
  'entity-type': texts(
    'type',
    'topics, clients, users, brokers, ips or broker-loggers; users and clients together.',
  ),
  'entity-name': texts('name', 'The entity of the type, in the order of the types.'),
  'entity-default': flag('The default of the type instead of a name.'),
  topic: text('name', 'A topic.'),
  client: text('id', 'A client id.'),
  user: text('name', 'A user.'),
  broker: text('id', 'A broker.'),
  'broker-logger': text('id', 'The loggers of a broker.'),
  ip: text('address', 'An address that clients connect from.'),
  'client-metrics': text('name', 'Accepted; brokers of this version have none.'),
  'client-defaults': flag('The default of clients.'),
  'user-defaults': flag('The default of users.'),
  'broker-defaults': flag('The default of brokers.'),
  'ip-defaults': flag('The default of addresses.'),
  'add-config': text(
    'k=v,…',
    'What to set; [ ] hold a value with commas together. Passwords: SCRAM-SHA-256=[iterations=8192,password=…].',
  ),
  'add-config-file': text('file', 'What to set, as key=value lines.'),
  'delete-config': texts('name,…', 'What to forget.'),
  force: flag('Accepted; nothing is asked.'),
  zookeeper: text('host:port', 'Not available: ask a broker, with --bootstrap-server.'),
  'zk-tls-config-file': text('file', 'Not available, as --zookeeper.'),
  ...FORMAT_OPTION,
  ...HELP_OPTIONS,
} as const

type ConfigOptions = Options<NamesOf<typeof OPTIONS>>

export const configsCommand: Command = {
  run: (args, streams) => {
    const shared = tool({
      description: 'Shows and changes settings of topics and brokers, quotas, and passwords.',
      options: OPTIONS,
      needsArguments: true,
      run: (options) => run(options, args, streams),
      report: (error) => report(error, args, streams),
    })
    return shared.run(args, streams)
  },
}

async function run(
  options: ConfigOptions,
  args: readonly string[],
  streams: CommandStreams,
): Promise<number> {
  if (options.given(['alter', 'describe']).length !== 1) {
    throw new UsageProblem('Command must include exactly one action: --describe, --alter')
  }
  if (options.has('zookeeper') || options.has('bootstrap-controller')) {
    throw new ToolFailure('Only --bootstrap-server is available here; name a broker with it')
  }
  const entities = readEntities(options, args)
  for (const entity of entities) checkBrokerName(entity)
  const bootstrap = options.text('bootstrap-server')
  if (bootstrap === undefined) {
    throw new ToolFailure(
      'One of the required --bootstrap-server or --bootstrap-controller arguments must be specified',
    )
  }
  const isAlter = options.has('alter')
  const changes = isAlter ? changesOf(options) : undefined
  await withClient(bootstrap, propertiesOf(options.text('command-config')), (client) =>
    changes === undefined
      ? describe(client, entities, options, streams)
      : alter(client, entities, changes, streams),
  )
  return 0
}

function changesOf(options: ConfigOptions): ReturnType<typeof readChanges> {
  if (options.given(['add-config', 'add-config-file', 'delete-config']).length === 0) {
    throw new ToolFailure(
      'At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter',
    )
  }
  if (options.has('add-config') && options.has('add-config-file')) {
    throw new ToolFailure('Only one of --add-config and --add-config-file must be specified')
  }
  return readChanges(
    options.text('add-config'),
    options.text('add-config-file'),
    options.texts('delete-config'),
  )
}

async function describe(
  client: KafkaClient,
  entities: readonly Entity[],
  options: ConfigOptions,
  streams: CommandStreams,
): Promise<void> {
  const [entity] = entities
  if (entity === undefined) return
  const isJson = options.wantsJson()
  if (entity.type === 'client-metrics') {
    throw new ToolFailure('The node does not support LIST_CLIENT_METRICS_RESOURCES')
  }
  if (isResource(entity.type)) {
    const all = options.has('all')
    const admin = new Admin(client)
    if (isJson) {
      const found = await describeResources(admin, entity, all)
      const documents = found.map(({ name, settings }) => ({
        entityType: entity.type,
        entityName: name === '' ? null : name,
        configs: settings.map(settingAsJson),
      }))
      printJson(streams, documents)
    } else await printResources(admin, entity, all, (part) => streams.stdout.write(part))
    return
  }
  const quotas = await describeQuotas(client, entities)
  const hasPasswords = entities.length === 1 && entity.type === 'users' && entity.name !== ''
  const passwords = hasPasswords ? await describePasswords(client, entity.name) : []
  if (isJson) {
    const limits = quotas.map(({ entity: who, values }) => ({
      entity: who,
      quotas: Object.fromEntries(values),
    }))
    printJson(streams, { quotas: limits, scramCredentials: passwords })
  } else {
    streams.stdout.write([...quotas.map(quotaLine), ...passwords.map(passwordLine)].join(''))
  }
}

async function alter(
  client: KafkaClient,
  entities: readonly Entity[],
  changes: ReturnType<typeof readChanges>,
  streams: CommandStreams,
): Promise<void> {
  const [entity] = entities
  if (entity === undefined) return
  if (isResource(entity.type)) await alterResource(new Admin(client), entity, changes)
  else await alterQuotas(client, entities, changes)
  streams.stdout.write(
    entity.name === ''
      ? `Completed updating default config for ${entity.type} in the cluster.\n`
      : `Completed updating config for ${entity.type.slice(0, -1)} ${entity.name}.\n`,
  )
}

function report(error: unknown, args: readonly string[], streams: CommandStreams): number {
  if (error instanceof OptionProblem) {
    streams.stderr.write(`${error.message}\n`)
    return 1
  }
  if (!(error instanceof KafkaError)) throw error
  streams.stderr.write(
    `Error while executing config command with args '${args.join(' ')}'\n` +
      `java.util.concurrent.ExecutionException: ${describeKafkaError(error)}\n`,
  )
  return 1
}
