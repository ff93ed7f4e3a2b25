// `ottla check DIR...`: reads log directories, or directories of single partitions, without changing
// them, and says what is damaged and what a start of the broker would do about it.
import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkDirectory, checkPartition } from '../log/check.ts'
import { describeFinding } from '../log/finding.ts'
import { parsePartitionDirectory } from '../log/file-names.ts'
import { nodePlatform } from '../platform/node/node-platform.ts'
import { UsageError, type Command, type CommandStreams } from './command.ts'
import { Output } from './output.ts'

const USAGE = `ottla check DIR...

Reads log directories (or directories of partitions) without changing anything, and says what is
damaged, at which file and byte, and what a start of the broker would do about it. The exit code is
1 when something is damaged. Stop the broker first: what it has not finished looks like damage.
`

export const checkCommand: Command = {
  async run(args, streams) {
    const directories = readArguments(args)
    if (directories === undefined) {
      streams.stdout.write(USAGE)
      return 0
    }
    let damages = 0
    for (const directory of directories) damages += await check(directory, streams)
    return damages === 0 ? 0 : 1
  },
}

/** Undefined: help is wanted. */
function readArguments(args: readonly string[]): string[] | undefined {
  let parsed
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h', default: false } },
    })
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
  if (parsed.values.help) return undefined
  if (parsed.positionals.length === 0) throw new UsageError(USAGE)
  return parsed.positionals.map((path) => checked(resolve(path)))
}

function checked(path: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) return path
  throw new UsageError(`${path} is not a directory`)
}

/** How many damages were found. */
async function check(directory: string, streams: CommandStreams): Promise<number> {
  const platform = nodePlatform()
  const stdout = new Output(streams.stdout)
  const isPartition = parsePartitionDirectory(basename(directory)) !== undefined
  const find = isPartition ? checkPartition : checkDirectory
  let damages = 0
  for await (const finding of find(platform, directory)) {
    if (finding.severity === 'damage') damages += 1
    await stdout.write(`${finding.severity.padEnd(6)}  ${describeFinding(finding)}\n`)
  }
  const verdict = damages === 0 ? 'nothing is damaged' : `damaged in ${times(damages)}`
  await stdout.write(`${directory}: ${verdict}\n`)
  return damages
}

function times(count: number): string {
  return count === 1 ? 'one place' : `${count} places`
}
