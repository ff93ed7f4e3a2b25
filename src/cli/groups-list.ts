// `ottla consumer-groups --list`: ids of groups, with state and type when wanted.
import type { GroupAdmin } from '../client/group-admin.ts'
import type { CommandStreams } from './command.ts'
import type { GroupOptions } from './groups-options.ts'
import { UsageProblem, printJson } from './tool.ts'

const STATES = [
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
  'Dead',
  'Empty',
  'Assigning',
  'Reconciling',
]
const TYPES = ['Consumer', 'Classic']
const MIN_WIDTH = 15

export async function listGroups(
  admin: GroupAdmin,
  options: GroupOptions,
  streams: CommandStreams,
): Promise<void> {
  const states = readNames(options.text('state'), STATES, 'state')
  const types = readNames(options.text('type'), TYPES, 'types')
  const all = await admin.list(states)
  const groups = all
    .filter(({ groupState }) => states.length === 0 || states.includes(groupState))
    .map((group) => ({ ...group, type: capitalized(group.groupType || 'classic') }))
    .filter(({ type }) => types.length === 0 || types.includes(type))
    .toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1))
  if (options.wantsJson()) {
    printJson(
      streams,
      groups.map(({ groupId, groupState, type, protocolType }) => ({
        group: groupId,
        state: groupState,
        type,
        protocolType,
      })),
    )
    return
  }
  const columns = [
    { head: 'GROUP', of: (group: (typeof groups)[number]) => group.groupId },
    ...(options.has('type')
      ? [{ head: 'TYPE', of: (group: (typeof groups)[number]) => group.type }]
      : []),
    ...(options.has('state')
      ? [{ head: 'STATE', of: (group: (typeof groups)[number]) => group.groupState }]
      : []),
  ]
  if (columns.length === 1) {
    streams.stdout.write(groups.map(({ groupId }) => `${groupId}\n`).join(''))
    return
  }
  const widths = columns.map(({ of }, index) =>
    index === 0 ? Math.max(MIN_WIDTH, ...groups.map((group) => of(group).length)) + 10 : 20,
  )
  const row = (cells: readonly string[]): string =>
    `${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' ')}\n`
  streams.stdout.write(row(columns.map(({ head }) => head)))
  streams.stdout.write(groups.map((group) => row(columns.map(({ of }) => of(group)))).join(''))
}

/** Names from a list, in whatever case. Throws UsageProblem. */
function readNames(list: string | undefined, valid: readonly string[], what: string): string[] {
  if (list === undefined || list.trim() === '') return []
  return list.split(',').map((name) => {
    const wanted = name.trim().toLowerCase()
    const found = valid.find((one) => one.toLowerCase() === wanted)
    if (found !== undefined) return found
    const plural = what === 'state' ? 'states' : 'types'
    throw new UsageProblem(
      `Invalid ${what} list '${list}'. Valid ${plural} are: ${valid.join(', ')}`,
    )
  })
}

function capitalized(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
}
