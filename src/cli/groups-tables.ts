// How groups are described in columns, as Kafka's tool aligns them: every row begins a line instead
// of ending it.
import type { CommandStreams } from './command.ts'
import type { Group, GroupOffset, Member } from './groups-describe.ts'

const MIN_WIDTH = 15

/** Says what is to be said about the state; true when rows may follow. */
export function announce(group: Group, rows: number, streams: CommandStreams): boolean {
  switch (group.state) {
    case 'Dead':
      streams.stdout.write(`\nError: Consumer group '${group.id}' does not exist.\n`)
      return false
    case 'Empty':
      streams.stderr.write(`\nConsumer group '${group.id}' has no active members.\n`)
      break
    case 'PreparingRebalance':
    case 'CompletingRebalance':
    case 'Assigning':
    case 'Reconciling':
      streams.stderr.write(`\nWarning: Consumer group '${group.id}' is rebalancing.\n`)
      break
    default:
      break
  }
  return rows > 0
}

function widthOf(values: readonly string[], min = MIN_WIDTH): number {
  return Math.max(min, ...values.map((value) => value.length))
}

function row(cells: readonly string[], widths: readonly number[]): string {
  return cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' ')
}

export function offsetTable(group: Group, offsets: readonly GroupOffset[]): string {
  const text = (value: string | number | null | undefined): string => String(value ?? '-')
  const rows = offsets.map(({ topic, partition, offset, endOffset, member }) => [
    group.id,
    text(topic),
    text(partition),
    text(offset),
    text(endOffset),
    text(lagOf({ offset, endOffset })),
    text(member?.memberId),
    text(member?.host),
    text(member?.clientId),
  ])
  const column = (index: number): string[] => rows.map((cells) => cells[index] ?? '')
  const widths = [
    widthOf(column(0)),
    widthOf(column(1)),
    10,
    15,
    15,
    15,
    widthOf(column(6)),
    widthOf(column(7)),
  ]
  const head = [
    'GROUP',
    'TOPIC',
    'PARTITION',
    'CURRENT-OFFSET',
    'LOG-END-OFFSET',
    'LAG',
    'CONSUMER-ID',
    'HOST',
    'CLIENT-ID',
  ]
  return [head, ...rows].map((cells) => `\n${row(cells, widths)}`).join('')
}

export function lagOf(place: Pick<GroupOffset, 'offset' | 'endOffset'>): number | null {
  const { offset, endOffset } = place
  return offset === null || endOffset === null ? null : endOffset - offset
}

export function memberTable(group: Group, verbose: boolean): string {
  const { members } = group
  const hasInstances = members.some(({ groupInstanceId }) => groupInstanceId !== null)
  const cellsOf = (member: Member): string[] => [
    group.id,
    member.memberId,
    ...(hasInstances ? [member.groupInstanceId ?? ''] : []),
    member.host,
    member.clientId,
    String(member.partitions.length),
    ...(verbose ? [assignmentText(member)] : []),
  ]
  const head = [
    'GROUP',
    'CONSUMER-ID',
    ...(hasInstances ? ['GROUP-INSTANCE-ID'] : []),
    'HOST',
    'CLIENT-ID',
    '#PARTITIONS',
    ...(verbose ? ['ASSIGNMENT'] : []),
  ]
  const rows = members.map(cellsOf)
  const counts = head.indexOf('#PARTITIONS')
  const widths = head.map((name, index) => {
    if (index === counts) return MIN_WIDTH
    if (index > counts) return 0
    const min = name === 'GROUP-INSTANCE-ID' ? 17 : MIN_WIDTH
    return widthOf(
      rows.map((cells) => cells[index] ?? ''),
      min,
    )
  })
  // The last column but for the assignment is followed by a space, whether or not that comes.
  const line = (cells: readonly string[]): string => row(cells, widths) + (verbose ? '' : ' ')
  return `\n${[head, ...rows].map(line).join('\n')}\n`
}

function assignmentText({ partitions }: Member): string {
  if (partitions.length === 0) return '-'
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition])
  }
  return [...topics]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([topic, list]) => `${topic}(${list.toSorted((a, b) => a - b).join(',')})`)
    .join(', ')
}

export function stateTable(group: Group): string {
  const { coordinator } = group
  const address = `${coordinator.address}  (${coordinator.id})`
  const widths = [Math.max(25, address.length), 25, 20, 15]
  const head = ['GROUP', 'COORDINATOR (ID)', 'ASSIGNMENT-STRATEGY', 'STATE', '#MEMBERS']
  const cells = [group.id, address, group.assignor, group.state, String(group.members.length)]
  return `\n${row(head, widths)}\n${row(cells, widths)}\n`
}
