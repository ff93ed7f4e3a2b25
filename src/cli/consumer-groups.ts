// `ottla consumer-groups`, Kafka's kafka-consumer-groups.sh: lists, describes and deletes groups, and
// resets or deletes their offsets.
import { GroupAdmin } from '../client/group-admin.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import type { CommandStreams } from './command.ts'
import { deleteGroupOffsets, deleteGroups } from './groups-delete.ts'
import { describeGroup, offsetsOf, type Group } from './groups-describe.ts'
import { listGroups } from './groups-list.ts'
import { GROUP_OPTIONS, checkGroupOptions, type GroupOptions } from './groups-options.ts'
import { resetOffsets } from './groups-reset.ts'
import { announce, lagOf, memberTable, offsetTable, stateTable } from './groups-tables.ts'
import { describeKafkaError } from './java-errors.ts'
import { printJson, propertiesOf, tool, withClient } from './tool.ts'

const TIMEOUT_MS = 5000

export const consumerGroupsCommand = tool({
  description: 'Lists, describes and deletes consumer groups, and resets their offsets.',
  options: GROUP_OPTIONS,
  needsArguments: true,
  run,
  report,
})

async function run(options: GroupOptions, streams: CommandStreams): Promise<number> {
  const action = checkGroupOptions(options, (line) => streams.stderr.write(line))
  const timeoutMs = String(options.integer('timeout') ?? TIMEOUT_MS)
  const properties = new Map([
    ['default.api.timeout.ms', timeoutMs],
    ['request.timeout.ms', timeoutMs],
    ...propertiesOf(options.text('command-config')),
  ])
  return withClient(options.text('bootstrap-server') ?? '', properties, async (client) => {
    const admin = new GroupAdmin(client)
    switch (action) {
      case 'list':
        await listGroups(admin, options, streams)
        return 0
      case 'describe':
        await describe(admin, options, streams)
        return 0
      case 'delete':
        await deleteGroups(admin, await groupsOf(admin, options), streams)
        return 0
      case 'delete-offsets':
        await deleteGroupOffsets(admin, options, streams)
        return 0
      case 'reset-offsets':
        await resetOffsets(admin, await groupsOf(admin, options), options, streams)
        return 0
    }
  })
}

async function groupsOf(admin: GroupAdmin, options: GroupOptions): Promise<string[]> {
  if (!options.has('all-groups')) return [...new Set(options.texts('group'))]
  const groups = await admin.list()
  return groups.map(({ groupId }) => groupId).toSorted()
}

async function describe(
  admin: GroupAdmin,
  options: GroupOptions,
  streams: CommandStreams,
): Promise<void> {
  const documents: unknown[] = []
  for (const id of await groupsOf(admin, options)) {
    const group = await describeGroup(admin, id)
    if (options.wantsJson()) documents.push(await asDocument(admin, group))
    else await print(admin, group, options, streams)
  }
  if (options.wantsJson()) printJson(streams, documents)
}

async function print(
  admin: GroupAdmin,
  group: Group,
  options: GroupOptions,
  streams: CommandStreams,
): Promise<void> {
  if (options.has('members')) {
    announce(group, group.members.length, streams)
    streams.stdout.write(memberTable(group, options.has('verbose')))
    return
  }
  if (options.has('state')) {
    if (announce(group, 1, streams)) streams.stdout.write(stateTable(group))
    return
  }
  const offsets = group.state === 'Dead' ? [] : await offsetsOf(admin, group)
  if (announce(group, offsets.length, streams)) streams.stdout.write(offsetTable(group, offsets))
}

async function asDocument(admin: GroupAdmin, group: Group): Promise<unknown> {
  if (group.state === 'Dead') return { group: group.id, state: group.state }
  const offsets = await offsetsOf(admin, group)
  return {
    group: group.id,
    state: group.state,
    assignmentStrategy: group.assignor,
    coordinator: group.coordinator,
    members: group.members,
    offsets: offsets
      .filter(({ topic }) => topic !== null)
      .map(({ topic, partition, offset, endOffset, member }) => ({
        topic,
        partition,
        currentOffset: offset,
        logEndOffset: endOffset,
        lag: lagOf({ offset, endOffset }),
        consumerId: member?.memberId ?? null,
      })),
  }
}

/** Kafka's tool prints such failures, and still ends well. */
function report(error: unknown, streams: CommandStreams): number | undefined {
  if (!(error instanceof KafkaError)) return undefined
  const cause =
    error.code === Errors.REQUEST_TIMED_OUT || error.code === Errors.NETWORK_EXCEPTION
      ? `org.apache.kafka.common.errors.TimeoutException: ${error.message}`
      : describeKafkaError(error)
  streams.stdout.write(
    `\nError: Executing consumer group command failed due to java.util.concurrent.ExecutionException: ${cause}\n`,
  )
  return 0
}
