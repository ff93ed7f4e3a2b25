// Finds the command, runs it and turns what it threw into a sentence and an exit code.
import { COMMANDS } from './commands.ts'
import { UsageError, type CommandStreams } from './command.ts'

/** Runs `ottla ARGS...`; the exit code. */
export async function run(args: readonly string[], streams: CommandStreams): Promise<number> {
  const [name, ...rest] = args
  const wantsOverview = name === undefined || name === 'help' || name === '--help' || name === '-h'
  if (wantsOverview) {
    streams.stdout.write(overview())
    return name === undefined ? 1 : 0
  }
  const entry = COMMANDS.get(name)
  if (entry === undefined) {
    streams.stderr.write(`ottla: there is no command ${name}\n\n${overview()}`)
    return 1
  }
  try {
    const command = await entry.load()
    return await command.run(rest, streams)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    streams.stderr.write(`${error.message}\n`)
    return 1
  }
}

function overview(): string {
  const width = Math.max(...[...COMMANDS.keys()].map((name) => name.length))
  const lines = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return `ottla COMMAND [ARGUMENTS]\n\n${lines.join('\n')}\n`
}
