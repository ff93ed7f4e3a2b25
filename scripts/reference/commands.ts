// Every command, with what it says about itself.
import { PassThrough } from 'node:stream'
import { COMMANDS } from '../../src/cli/commands.ts'
import { code, page, table } from './table.ts'

export async function commandsPage(): Promise<string> {
  const rows = [...COMMANDS].map(([name, { script, summary }]) => [
    code(`ottla ${name}`),
    script === undefined ? '' : code(script),
    summary,
  ])
  const parts: string[][] = []
  for (const [name, entry] of COMMANDS) {
    const text = await helpOf(await entry.load())
    parts.push([`## ottla ${name}`, '', '```text', ...text.trimEnd().split('\n'), '```'])
  }
  const about =
    "`ottla COMMAND` takes the arguments of Kafka's script; the package also offers it under that name."
  return page('Commands', about, table(['Command', 'Stands in for', ''], rows), ...parts)
}

/** What it prints for --help, wherever it prints it. */
async function helpOf(command: Awaited<ReturnType<CommandEntry['load']>>): Promise<string> {
  const output = new PassThrough()
  await command.run(['--help'], { stdin: new PassThrough(), stdout: output, stderr: output })
  output.end()
  return (await output.toArray()).join('')
}

type CommandEntry = NonNullable<ReturnType<typeof COMMANDS.get>>
