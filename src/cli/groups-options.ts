// The options of `ottla consumer-groups`, and which of them go together.
import {
  FORMAT_OPTION,
  HELP_OPTIONS,
  flag,
  integer,
  optionalText,
  text,
  texts,
  type Options,
} from './options.ts'
import { UsageProblem, type NamesOf } from './tool.ts'

export const GROUP_OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  'command-config': text('file', 'Settings of the client, as key=value lines.'),
  group: texts('id', 'The group to act on; may be given more than once.'),
  topic: texts(
    'topic[:0,1]',
    'Topics, or some of their partitions, to reset or delete offsets of.',
  ),
  'all-topics': flag('Every partition that the group has an offset for.'),
  'all-groups': flag('Every group.'),
  list: flag('Print the ids of all groups.'),
  describe: flag(
    'Print the offsets of groups with how far behind they are; or see --members, --state.',
  ),
  delete: flag('Delete groups that have no members.'),
  'delete-offsets': flag('Forget offsets of a group.'),
  'reset-offsets': flag('Set offsets of a group that has no members.'),
  members: flag('With --describe: the members.'),
  offsets: flag('With --describe: the offsets, as without it.'),
  state: optionalText('state,…', 'With --describe: the state. With --list: show and filter it.'),
  type: optionalText('type,…', 'With --list: show and filter the type.'),
  verbose: flag('With --describe --members: the partitions of each member.'),
  timeout: integer('ms', 'How long to wait for answers; 5000 when left out.'),
  'dry-run': flag('With --reset-offsets: only print what would be.'),
  execute: flag('With --reset-offsets: do it.'),
  export: flag('With --reset-offsets: print in the form that --from-file reads.'),
  'to-offset': integer('offset', 'Reset to an offset.'),
  'from-file': text('file', 'Reset to what a file says: topic,partition,offset per line.'),
  'to-datetime': text('time', 'Reset to the first record from then on: YYYY-MM-DDThh:mm:ss.sss.'),
  'by-duration': text('PnDTnHnMnS', 'Reset to the first record from that long ago on.'),
  'to-earliest': flag('Reset to the oldest record.'),
  'to-latest': flag('Reset to behind the newest record.'),
  'shift-by': integer('count', 'Reset by this many records; a negative number goes back.'),
  'to-current': flag('Reset to where the group is.'),
  ...FORMAT_OPTION,
  ...HELP_OPTIONS,
} as const

export type GroupOptions = Options<NamesOf<typeof GROUP_OPTIONS>>

const ACTIONS = ['list', 'describe', 'delete', 'delete-offsets', 'reset-offsets'] as const
export type GroupAction = (typeof ACTIONS)[number]

export const SCENARIOS = [
  'to-offset',
  'from-file',
  'to-datetime',
  'by-duration',
  'to-earliest',
  'to-latest',
  'shift-by',
  'to-current',
] as const

export const DRY_RUN_WARNING =
  'WARN: No action will be performed as the --execute option is missing.' +
  'In a future major release, the default behavior of this command will be to prompt the user ' +
  'before executing the reset rather than doing a dry run. You should add the --dry-run option ' +
  'explicitly if you are scripting this command and want to keep the current default behavior ' +
  'without prompting.\n'

/** The one action. Throws UsageProblem in Kafka's words. */
export function checkGroupOptions(
  options: GroupOptions,
  warn: (line: string) => void,
): GroupAction {
  const [action, ...others] = options.given(ACTIONS)
  if (action === undefined || others.length > 0) {
    throw new UsageProblem(
      'Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets',
    )
  }
  if (!options.has('bootstrap-server')) {
    throw new UsageProblem('Missing required argument "[bootstrap-server]"')
  }
  const hasGroups = options.has('group') || options.has('all-groups')
  switch (action) {
    case 'list':
      break
    case 'describe':
      checkDescribe(options, hasGroups)
      break
    case 'delete':
      if (!hasGroups) {
        throw new UsageProblem('Option [delete] takes one of these options: [all-groups], [group]')
      }
      if (options.has('topic')) {
        throw new UsageProblem(
          'The consumer does not support topic-specific offset deletion from a consumer group.',
        )
      }
      break
    case 'delete-offsets':
      if (!options.has('group') || !options.has('topic')) {
        throw new UsageProblem(
          'Option [delete-offsets] takes the following options: [all-groups], [group]',
        )
      }
      break
    case 'reset-offsets':
      checkReset(options, hasGroups, warn)
      break
  }
  return action
}

function checkDescribe(options: GroupOptions, hasGroups: boolean): void {
  if (!hasGroups) {
    throw new UsageProblem(
      'Option [describe] takes one of these options: [reset-offsets], [describe], [delete], [list]',
    )
  }
  if (options.given(['members', 'offsets', 'state']).length > 1) {
    throw new UsageProblem(
      'Option [describe] takes at most one of these options: [members], [offsets], [state]',
    )
  }
  if (options.text('state') !== undefined) {
    throw new UsageProblem('Option [describe] does not take a value for [state]')
  }
}

function checkReset(options: GroupOptions, hasGroups: boolean, warn: (line: string) => void): void {
  if (options.has('dry-run') && options.has('execute')) {
    throw new UsageProblem('Option [reset-offsets] only accepts one of [execute] and [dry-run]')
  }
  if (!options.has('dry-run') && !options.has('execute')) warn(DRY_RUN_WARNING)
  if (!hasGroups) {
    throw new UsageProblem(
      'Option [reset-offsets] takes one of these options: [all-groups], [group]',
    )
  }
  const [first, second] = options.given(SCENARIOS)
  if (first !== undefined && second !== undefined) {
    const [shown, other] = [first, second].toSorted()
    throw new UsageProblem(`Option "[${shown}]" can't be used with option "[${other}]"`)
  }
}
