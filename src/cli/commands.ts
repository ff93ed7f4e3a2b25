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
  [
    'topics',
    {
      summary: 'create, list, describe, alter and delete topics',
      script: 'kafka-topics.sh',
      load: async () => (await import('./topics.ts')).topicsCommand,
    },
  ],
  [
    'get-offsets',
    {
      summary: 'print offsets of partitions',
      script: 'kafka-get-offsets.sh',
      load: async () => (await import('./get-offsets.ts')).getOffsetsCommand,
    },
  ],
  [
    'console-producer',
    {
      summary: 'send the lines of standard input to a topic',
      script: 'kafka-console-producer.sh',
      load: async () => (await import('./console-producer.ts')).consoleProducerCommand,
    },
  ],
  [
    'console-consumer',
    {
      summary: 'print the records of topics',
      script: 'kafka-console-consumer.sh',
      load: async () => (await import('./console-consumer.ts')).consoleConsumerCommand,
    },
  ],
  [
    'configs',
    {
      summary: 'show and change settings, quotas and passwords',
      script: 'kafka-configs.sh',
      load: async () => (await import('./configs.ts')).configsCommand,
    },
  ],
  [
    'consumer-groups',
    {
      summary: 'list, describe and delete groups, reset their offsets',
      script: 'kafka-consumer-groups.sh',
      load: async () => (await import('./consumer-groups.ts')).consumerGroupsCommand,
    },
  ],
])
