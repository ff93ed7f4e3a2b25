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
  [
    'broker-api-versions',
    {
      summary: 'print which requests brokers serve',
      script: 'kafka-broker-api-versions.sh',
      load: async () => (await import('./broker-api-versions.ts')).brokerApiVersionsCommand,
    },
  ],
  [
    'delete-records',
    {
      summary: 'delete the records before an offset',
      script: 'kafka-delete-records.sh',
      load: async () => (await import('./delete-records.ts')).deleteRecordsCommand,
    },
  ],
  [
    'log-dirs',
    {
      summary: 'print what lies in the log directories of brokers',
      script: 'kafka-log-dirs.sh',
      load: async () => (await import('./log-dirs.ts')).logDirsCommand,
    },
  ],
  [
    'leader-election',
    {
      summary: 'elect leaders of partitions',
      script: 'kafka-leader-election.sh',
      load: async () => (await import('./leader-election.ts')).leaderElectionCommand,
    },
  ],
  [
    'cluster',
    {
      summary: 'print the id of a cluster; or run one here: cluster --brokers N',
      script: 'kafka-cluster.sh',
      load: async () => (await import('./cluster-run.ts')).clusterCommand,
    },
  ],
  [
    'dump-log',
    {
      summary: 'print what is in the files of a partition',
      script: 'kafka-dump-log.sh',
      load: async () => (await import('./dump-log.ts')).dumpLogCommand,
    },
  ],
  [
    'check',
    {
      summary: 'say what is damaged in log directories, without changing them: check DIR...',
      load: async () => (await import('./check.ts')).checkCommand,
    },
  ],
  [
    'zookeeper',
    {
      summary: 'run a ZooKeeper server: zookeeper FILE',
      script: 'zookeeper-server-start.sh',
      load: async () => (await import('./zookeeper.ts')).zookeeperCommand,
    },
  ],
  [
    'zookeeper-shell',
    {
      summary: 'look into and change the nodes of a ZooKeeper server',
      script: 'zookeeper-shell.sh',
      load: async () => (await import('./zookeeper-shell.ts')).zookeeperShellCommand,
    },
  ],
  [
    'reassign-partitions',
    {
      summary: 'move partitions between brokers',
      script: 'kafka-reassign-partitions.sh',
      load: async () => (await import('./reassign-partitions.ts')).reassignPartitionsCommand,
    },
  ],
])
