// `ottla reassign-partitions`, Kafka's kafka-reassign-partitions.sh: moves partitions between brokers.
import { Admin } from '../client/admin.ts'
import { byTopic, type TopicPartition } from '../client/partition-leaders.ts'
import type { TopicMetadata } from '../client/topic-metadata.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { AlterPartitionReassignments } from '../wire/messages/45-alter-partition-reassignments.ts'
import { ListPartitionReassignments } from '../wire/messages/46-list-partition-reassignments.ts'
import type { ListPartitionReassignmentsResponse } from '../wire/messages/46-list-partition-reassignments.ts'
import type { CommandStreams } from './command.ts'
import { describeError, describeKafkaError } from './java-errors.ts'
import { readRows, textOf } from './json-file.ts'
import { FORMAT_OPTION, HELP_OPTIONS, flag, integer, text, type Options } from './options.ts'
import {
  currentPlan,
  nameOf,
  planAsJson,
  proposePlan,
  readPlan,
  type Placement,
} from './reassign-plan.ts'
import { clearThrottles, setThrottles } from './reassign-throttles.ts'
import {
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
  generate: flag('Propose where partitions of topics could go; nothing is moved.'),
  execute: flag('Start to move partitions.'),
  verify: flag('Print how far that is; when it is over, clear throttles.'),
  cancel: flag('Stop moving partitions.'),
  list: flag('Print what is being moved.'),
  'reassignment-json-file': text(
    'file',
    '{"version": 1, "partitions": [{"topic": "foo", "partition": 1, "replicas": [1, 2]}]}',
  ),
  'topics-to-move-json-file': text('file', '{"version": 1, "topics": [{"topic": "foo"}]}'),
  'broker-list': text('0,1,…', 'With --generate: the brokers to spread over.'),
  'disable-rack-aware': flag('Accepted; racks are not looked at.'),
  throttle: integer('bytes/s', 'With --execute: what moving may take.'),
  'replica-alter-log-dirs-throttle': integer(
    'bytes/s',
    'Accepted; nothing moves between directories.',
  ),
  'preserve-throttles': flag('With --verify and --cancel: leave throttles alone.'),
  additional: flag('With --execute: although something is being moved already.'),
  timeout: integer('ms', 'Accepted; moves between directories do not take part.'),
  ...FORMAT_OPTION,
  ...HELP_OPTIONS,
} as const

type ReassignOptions = Options<NamesOf<typeof OPTIONS>>
type Moving = ListPartitionReassignmentsResponse['topics'][number]['partitions'][number]

const ACTIONS = ['generate', 'execute', 'verify', 'cancel', 'list'] as const

/** Something that cannot be done; printed on standard output. */
class ReassignProblem extends Error {
  override readonly name = 'ReassignProblem'
}

export const reassignPartitionsCommand = tool({
  description: 'Moves partitions between brokers.',
  options: OPTIONS,
  needsArguments: true,
  run,
  report: (error, streams) => {
    if (!(error instanceof KafkaError) && !(error instanceof ReassignProblem)) return undefined
    const message = error instanceof KafkaError ? describeKafkaError(error) : error.message
    streams.stdout.write(`Error: ${message}\n`)
    return 1
  },
})

async function run(options: ReassignOptions, streams: CommandStreams): Promise<number> {
  const [action, ...others] = options.given(ACTIONS)
  if (action === undefined || others.length > 0) {
    throw new UsageProblem(
      'Command must include exactly one action: --generate, --execute, --verify, --cancel, --list',
    )
  }
  const bootstrap = required(options, 'bootstrap-server')
  if (action === 'generate') required(options, 'topics-to-move-json-file')
  else if (action !== 'list') required(options, 'reassignment-json-file')
  return withClient(bootstrap, propertiesOf(options.text('command-config')), async (client) => {
    const task = new Reassignment(new Admin(client), options, streams)
    await task[action]()
    return 0
  })
}

class Reassignment {
  readonly #admin: Admin
  readonly #options: ReassignOptions
  readonly #streams: CommandStreams

  constructor(admin: Admin, options: ReassignOptions, streams: CommandStreams) {
    this.#admin = admin
    this.#options = options
    this.#streams = streams
  }

  async list(): Promise<void> {
    const moving = await this.#moving(null)
    if (this.#options.wantsJson()) {
      printJson(
        this.#streams,
        [...moving].map(([, entry]) => entry),
      )
      return
    }
    if (moving.size === 0) {
      this.#print('No partition reassignments found.')
      return
    }
    this.#print('Current partition reassignments:')
    const sorted = [...moving].toSorted(([a], [b]) => (a < b ? -1 : 1))
    for (const [name, { replicas, addingReplicas, removingReplicas }] of sorted) {
      const adding = addingReplicas.length > 0 ? ` adding: ${addingReplicas.join(',')}.` : ''
      const removing =
        removingReplicas.length > 0 ? ` removing: ${removingReplicas.join(',')}.` : ''
      this.#print(`${name}: replicas: ${replicas.join(',')}.${adding}${removing}`)
    }
  }

  async generate(): Promise<void> {
    const file = required(this.#options, 'topics-to-move-json-file')
    const brokers = required(this.#options, 'broker-list').split(',').map(Number)
    this.#checkBrokers(brokers)
    const topics = await this.#describe(
      readRows(file, 'topics').map((row) => textOf(file, row, 'topic')),
    )
    const copies = Math.max(...topics.map(({ partitions }) => partitions[0]?.replicas.length ?? 0))
    if (copies > brokers.length) {
      throw new KafkaError(
        Errors.INVALID_REPLICATION_FACTOR,
        `Replication factor: ${copies} larger than available brokers: ${brokers.length}.`,
      )
    }
    const { random } = this.#admin.client.platform
    const proposed = proposePlan(topics, brokers, (count) => random.uint32() % count)
    this.#print(`Current partition replica assignment\n${planAsJson(currentPlan(topics))}\n`)
    this.#print(`Proposed partition reassignment configuration\n${planAsJson(proposed)}`)
  }

  async execute(): Promise<void> {
    const plan = readPlan(required(this.#options, 'reassignment-json-file'))
    this.#checkBrokers(plan.flatMap(({ replicas }) => replicas))
    if (!this.#options.has('additional') && (await this.#moving(null)).size > 0) {
      throw new ReassignProblem(
        'Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the current reassignment.',
      )
    }
    const current = await this.#current(plan)
    this.#print(`Current partition replica assignment\n\n${planAsJson(current)}\n`)
    this.#print('Save this to use as the --reassignment-json-file option during rollback')
    const throttle = this.#options.integer('throttle')
    if (throttle !== undefined && throttle >= 0) {
      this.#print(
        'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.',
      )
      await setThrottles(this.#admin, plan, current, throttle)
      this.#print(`The inter-broker throttle limit was set to ${throttle} B/s`)
    }
    await this.#alter(plan)
    const plural = plan.length === 1 ? '' : 's'
    this.#print(
      `Successfully started partition reassignment${plural} for ${plan.map(nameOf).toSorted().join(',')}`,
    )
  }

  async verify(): Promise<void> {
    const plan = readPlan(required(this.#options, 'reassignment-json-file'))
    const moving = await this.#moving(plan)
    const topics = await this.#admin.describeTopics([...new Set(plan.map(({ topic }) => topic))])
    const current = new Map(currentPlan(topics).map((one) => [nameOf(one), one.replicas]))
    this.#print('Status of partition reassignment:')
    for (const placement of plan) {
      this.#print(
        progressOf(placement, moving.has(nameOf(placement)), current.get(nameOf(placement))),
      )
    }
    this.#print('')
    if (moving.size === 0)
      await this.#clear(
        plan,
        [...current].flatMap(([, ids]) => ids),
      )
  }

  async cancel(): Promise<void> {
    const plan = readPlan(required(this.#options, 'reassignment-json-file'))
    const moving = await this.#moving(plan)
    const active = plan.filter((placement) => moving.has(nameOf(placement)))
    if (active.length > 0) {
      await this.#alter(
        active.map(({ topic, partition }) => ({ topic, partition, replicas: null })),
      )
      this.#print(
        `Successfully cancelled partition reassignments for: ${active.map(nameOf).join(',')}`,
      )
    } else this.#print('None of the specified partition reassignments are active.')
    // The next line follows on the same one, in Kafka's tool too.
    this.#streams.stdout.write('None of the specified partition moves are active.')
    const current = await this.#current(plan)
    await this.#clear(
      plan,
      current.flatMap(({ replicas }) => replicas),
    )
  }

  async #clear(plan: readonly Placement[], others: readonly number[]): Promise<void> {
    if (this.#options.has('preserve-throttles')) return
    const ids = [...plan.flatMap(({ replicas }) => replicas), ...others]
    const brokers = [...new Set(ids)].toSorted((a, b) => a - b)
    const topics = [...new Set(plan.map(({ topic }) => topic))].toSorted()
    this.#print(
      `Clearing broker-level throttles on broker${brokers.length === 1 ? '' : 's'} ${brokers.join(',')}`,
    )
    this.#print(
      `Clearing topic-level throttles on topic${topics.length === 1 ? '' : 's'} ${topics.join(',')}`,
    )
    await clearThrottles(this.#admin, brokers, topics)
  }

  #print(line: string): void {
    this.#streams.stdout.write(`${line}\n`)
  }

  #checkBrokers(ids: readonly number[]): void {
    const alive = this.#admin.client.brokers.map(({ id }) => id)
    const unknown = ids.find((id) => !alive.includes(id))
    if (unknown !== undefined) throw new ReassignProblem(`Unknown broker id ${unknown}`)
  }

  async #describe(names: readonly string[]): Promise<TopicMetadata[]> {
    const topics = await this.#admin.describeTopics([...new Set(names)])
    for (const { name, errorCode } of topics) {
      if (errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION) {
        throw new KafkaError(errorCode, `Topic ${name} not found.`)
      }
      if (errorCode !== Errors.NONE) throw new KafkaError(errorCode)
    }
    return topics
  }

  async #current(plan: readonly Placement[]): Promise<Placement[]> {
    const topics = await this.#describe(plan.map(({ topic }) => topic))
    const wanted = new Set(plan.map(nameOf))
    return currentPlan(topics).filter((placement) => wanted.has(nameOf(placement)))
  }

  async #moving(places: readonly TopicPartition[] | null): Promise<Map<string, Moving>> {
    const topics =
      places === null
        ? null
        : byTopic(places).map(({ topic, items }) => ({
            name: topic,
            partitionIndexes: items.map(({ partition }) => partition),
          }))
    const answer = await this.#admin.client.callController(
      ListPartitionReassignments,
      { topics },
      (response) => response.errorCode,
    )
    if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode)
    const moving = new Map<string, Moving>()
    for (const { name, partitions } of answer.topics) {
      for (const entry of partitions) moving.set(`${name}-${entry.partitionIndex}`, entry)
    }
    return moving
  }

  async #alter(
    places: readonly (TopicPartition & { readonly replicas: readonly number[] | null })[],
  ): Promise<void> {
    const topics = byTopic(places).map(({ topic, items }) => ({
      name: topic,
      partitions: items.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
    }))
    const answer = await this.#admin.client.callController(
      AlterPartitionReassignments,
      { topics },
      (response) => response.errorCode,
    )
    if (answer.errorCode !== Errors.NONE) {
      throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined)
    }
    const failed = answer.responses.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ errorCode }) => errorCode !== Errors.NONE)
        .map(
          ({ partitionIndex, errorCode, errorMessage }) =>
            `${name}-${partitionIndex}: ${describeError(errorCode, errorMessage)}`,
        ),
    )
    if (failed.length > 0) {
      throw new ReassignProblem(`Error reassigning partition(s):\n${failed.join('\n')}`)
    }
  }
}

function progressOf(
  placement: Placement,
  isMoving: boolean,
  current: readonly number[] | undefined,
): string {
  const name = nameOf(placement)
  if (isMoving) return `Reassignment of partition ${name} is still in progress.`
  const is = current?.join(',') ?? ''
  const wanted = placement.replicas.join(',')
  if (is === wanted) return `Reassignment of partition ${name} is completed.`
  return `There is no active reassignment of partition ${name}, but replica set is ${is} rather than ${wanted}.`
}
