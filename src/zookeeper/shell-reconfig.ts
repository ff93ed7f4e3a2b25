// The shell's `reconfig`: other members for an ensemble. A server that stands alone refuses it.
import type { ZooKeeperClient } from './client.ts'
import type { ShellOutput } from './shell-command.ts'
import { versionOf } from './shell-command.ts'
import { formatStat } from './shell-format.ts'
import { ShellUsageError } from './shell-line.ts'
import type { ParsedLine } from './shell-line.ts'

export async function reconfig(
  client: ZooKeeperClient,
  line: ParsedLine,
  output: ShellOutput,
): Promise<void> {
  const joining = line.values.get('add')
  const leaving = line.values.get('remove')
  const members = line.values.get('members')
  const file = line.values.get('file')
  const isIncremental = joining !== undefined || leaving !== undefined
  if (!isIncremental && members === undefined && file === undefined) {
    throw new ShellUsageError(line.usage)
  }
  if (isIncremental && (members !== undefined || file !== undefined)) {
    throw new ShellUsageError(
      "Can't use -file or -members together with -add or -remove (mixing incremental and " +
        'non-incremental modes is not allowed)',
    )
  }
  if (file !== undefined && members !== undefined) {
    throw new ShellUsageError("Can't use -file and -members together (conflicting)")
  }
  if (file !== undefined) {
    throw new ShellUsageError(
      `Error processing ${file}: this shell reads no files; name the members with -members`,
    )
  }
  const { data, stat } = await client.reconfig({
    joining,
    leaving,
    members,
    version: versionOf(line),
  })
  output.out(`Committed new configuration:\n${data?.toString() ?? ''}`)
  if (line.flags.has('s')) output.out(...formatStat(stat))
}
