// Every command by name, with the line that the overview shows. A command's code is loaded when it
// is called, so that a broker starts without the tools.
import type { Command } from './command.ts'

export interface CommandEntry {
  readonly summary: string
  /** The script of Apache Kafka that takes the same arguments. */
  readonly script?: string
  load(): Promise<Command>
}

export const COMMANDS: ReadonlyMap<string, CommandEntry> = new Map<string, CommandEntry>([
  [
    'start',
    {
      summary: 'run a broker: start [server.properties] [--override key=value]...',
      script: 'kafka-server-start.sh',
      load: async () => (await import('./start.ts')).startCommand,
    },
  ],
])
