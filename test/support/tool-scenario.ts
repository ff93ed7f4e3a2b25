// One story told by command line tools: what Kafka's scripts print for it is recorded in
// test/fixtures/tools, and the commands of this project must print the same.

export interface ToolStep {
  readonly tool: string
  readonly args: string
  readonly stdin?: string
  /** The order of lines, or of what a line lists, is Java's order of a hash map. */
  readonly unordered?: boolean
}

export interface ToolOutcome {
  readonly exitCode: number
  readonly stdout: string
  /** Its first line: a message; what follows is a usage or a Java stack. */
  readonly stderr: string
}

function steps(tool: string, list: readonly string[], unordered = false): ToolStep[] {
  return list.map((args) => ({ tool, args, unordered }))
}

const ON_DEMO = '--entity-type topics --entity-name demo-a'

/** Words in capitals are names of `SCENARIO_FILES`. */
export const SCENARIO: readonly ToolStep[] = [
  ...steps('topics', [
    '--list',
    '',
    '--list --describe',
    '--create',
    '--alter --topic demo-a',
    '--list --partitions 3',
    '--create --topic demo-a --partitions 3 --replication-factor 1 --config retention.ms=3600000',
    '--create --topic demo-a --partitions 3',
    '--create --topic demo-a --if-not-exists',
    '--create --topic demo.dot_1 --partitions 1 --replication-factor 1',
    '--create --topic demo_dot_1',
    '--create --topic demo-b --config nope=1',
    '--create --topic demo-b --config retention.ms=abc',
    '--create --topic demo-b --config retention.ms',
    '--create --topic demo-b --partitions 0',
    '--create --topic demo-b --partitions 1 --replication-factor 9',
    '--create --topic demo-b --replica-assignment 1:1',
    '--create --topic demo-c --replica-assignment 1,1,1',
    '--create --topic bad!name',
    '--list',
    '--list --topic demo.*',
    '--describe --topic demo-a',
    '--describe --topic missing',
    '--describe --topic missing --if-exists',
    '--alter --topic demo-a --partitions 4',
    '--alter --topic demo-a --partitions 2',
    '--alter --topic missing --partitions 2',
    '--delete --topic demo-c',
    '--delete --topic missing',
  ]),
  ...steps('topics', ['--describe', '--describe --topics-with-overrides'], true),
  ...steps('configs', [
    `--alter ${ON_DEMO} --add-config segment.bytes=1048576,cleanup.policy=[compact,delete]`,
    `--describe ${ON_DEMO}`,
    '--describe --topic demo-a --all',
    `--alter ${ON_DEMO} --delete-config segment.bytes,cleanup.policy`,
    `--alter ${ON_DEMO} --delete-config segment.ms`,
    `--alter ${ON_DEMO} --add-config nope=1`,
    `--alter ${ON_DEMO} --add-config ab`,
    `--alter ${ON_DEMO}`,
    '--alter --entity-type topics --entity-name missing --add-config segment.ms=1000',
    '--alter --entity-type topics --add-config a=b',
    '--describe',
    '--describe --entity-type nothing',
    '--describe --topic missing',
    '--alter --entity-type brokers --entity-default --add-config message.max.bytes=1048000',
    '--describe --entity-type brokers',
    '--alter --entity-type brokers --entity-default --delete-config message.max.bytes',
    '--alter --entity-type brokers --entity-name 1 --add-config broker.id=5',
    '--alter --user demo --add-config foo=1',
    '--alter --user demo --delete-config producer_byte_rate,SCRAM-SHA-256',
  ]),
  {
    tool: 'console-producer',
    args: '--topic demo-a --property parse.key=true --property key.separator=:',
    stdin: 'k1:v1\nk2:v2\r\nk3:v3\nk4:\n',
  },
  {
    tool: 'console-producer',
    args:
      '--topic demo-a --property parse.key=true --property parse.headers=true --property ' +
      'key.separator=: --property null.marker=NULL --compression-codec gzip --sync',
    stdin: 'h1:a,h2:b\tk5:v5\nh1:c\tk6:NULL\n',
  },
  {
    tool: 'console-producer',
    args: '--topic demo-a --property parse.key=true',
    stdin: 'no key\n',
  },
  { tool: 'console-producer', args: '--topic' },
  { tool: 'console-producer', args: '' },
  ...steps(
    'console-consumer',
    [
      '--topic demo-a --from-beginning --max-messages 6 --group demo-g --timeout-ms 15000 --property ' +
        'print.key=true --property print.partition=true --property print.offset=true ' +
        '--property print.headers=true',
      '--topic demo-a --from-beginning --max-messages 6 --group two-g --timeout-ms 15000 --property ' +
        'key.separator=| --property null.literal=NIL --property headers.separator=; --property ' +
        'print.headers=true --property print.value=false --property print.key=true',
    ],
    true,
  ),
  ...steps('console-consumer', [
    '--topic demo-a --partition 0 --offset earliest --max-messages 1',
    '--topic demo-a --partition 0 --offset 1 --max-messages 1',
    '--topic demo-a --offset 3',
    '--topic demo-a --partition 0 --offset zz',
    '--topic demo-a --partition 0 --offset 3 --from-beginning',
    '--topic demo-a --include demo.*',
    '--nope',
  ]),
  ...steps('get-offsets', [
    '--topic demo-a',
    '--topic demo.*',
    '--topic demo-a --time earliest',
    '--topic demo-a --time max-timestamp',
    '--topic demo-a --partitions 1,2',
    '--topic-partitions demo-a:0-2,demo.dot_1',
    '--topic-partitions demo-a:x',
    '--topic missing',
    '--topic demo-a --topic-partitions demo-a',
    '--topic demo-a --time zz',
  ]),
  ...steps('consumer-groups', [
    '',
    '--describe',
    '--delete',
    '--list --state Nothing',
    '--list --state Stable',
    '--describe --group demo-g --state',
    '--describe --group demo-g --members --verbose',
    '--describe --group demo-g --members --state',
    '--describe --group missing',
    '--describe --group missing --state',
    '--reset-offsets --group demo-g --topic demo-a:0 --shift-by -1 --execute',
    '--reset-offsets --group demo-g --topic demo-a:0 --to-offset 99 --dry-run',
    '--reset-offsets --group demo-g --topic demo-a:0 --to-datetime 2020-01-01T00:00:00.000 --dry-run',
    '--reset-offsets --group demo-g --topic demo-a:0 --by-duration P1D --dry-run',
    '--reset-offsets --group demo-g --to-latest',
    '--reset-offsets --group demo-g --all-topics --dry-run',
    '--reset-offsets --all-topics --to-latest --dry-run',
  ]),
  ...steps(
    'consumer-groups',
    [
      '--list',
      '--list --state',
      '--list --type',
      '--list --state --type',
      '--describe --group demo-g',
      '--reset-offsets --group demo-g --topic demo-a --to-earliest --dry-run',
      '--reset-offsets --group demo-g --all-topics --to-latest --export --dry-run',
      '--reset-offsets --group demo-g --topic demo-a --to-current --execute',
    ],
    true,
  ),
  ...steps('consumer-groups', [
    '--delete-offsets --group demo-g --topic demo-a:0',
    '--delete-offsets --group missing --topic demo-a:0',
    '--delete --group missing',
    '--delete --group demo-g',
  ]),
  ...steps('delete-records', ['--offset-json-file DELETE'], true),
  ...steps('delete-records', ['']),
  ...steps('leader-election', [
    '--election-type preferred --topic demo-a --partition 0',
    '--election-type preferred --topic missing --partition 0',
    '--election-type unclean',
    '',
  ]),
  ...steps('log-dirs', ['--describe --topic-list demo-a --broker-list 1'], true),
  ...steps('log-dirs', ['--describe --broker-list 9']),
  ...steps('cluster', ['cluster-id', 'unregister --id 1']),
  ...steps('reassign-partitions', [
    '--list',
    '--execute --reassignment-json-file PLAN',
    '--execute --reassignment-json-file PLAN --throttle 1000000',
    '--verify --reassignment-json-file PLAN',
    '--cancel --reassignment-json-file PLAN',
    '--generate --topics-to-move-json-file TOPICS --broker-list 1',
    '--execute',
    '',
  ]),
]

/** What the files hold that the steps name. */
export const SCENARIO_FILES: Readonly<Record<string, unknown>> = {
  DELETE: {
    partitions: [
      { topic: 'demo-a', partition: 0, offset: 1 },
      { topic: 'demo-a', partition: 1, offset: 50 },
    ],
    version: 1,
  },
  PLAN: {
    partitions: [
      { topic: 'demo-a', partition: 0, replicas: [1] },
      { topic: 'demo-a', partition: 1, replicas: [1] },
    ],
    version: 1,
  },
  TOPICS: { topics: [{ topic: 'demo-a' }], version: 1 },
}

/** The arguments of a step; `fileOf` says where a file of `SCENARIO_FILES` is. */
export function argumentsOf(
  step: ToolStep,
  bootstrap: string,
  fileOf: (name: string) => string,
): string[] {
  const words = step.args.split(' ').filter((word) => word !== '')
  return [
    ...words.map((word) => (Object.hasOwn(SCENARIO_FILES, word) ? fileOf(word) : word)),
    '--bootstrap-server',
    bootstrap,
  ]
}

/** Without what differs from run to run: times, ids, ports, directories, the order of hash maps. */
export function comparable(outcome: ToolOutcome, step: ToolStep): ToolOutcome {
  const stdout = masked(outcome.stdout)
  return {
    exitCode: outcome.exitCode,
    stdout: step.unordered === true ? sorted(stdout) : stdout,
    stderr: masked(firstMessage(outcome.stderr)),
  }
}

/** What Java's client logs by itself is no message of the tool. */
function firstMessage(stderr: string): string {
  const lines = stderr.trimStart().split('\n')
  return lines.find((line) => !line.includes('[AdminClient ')) ?? ''
}

function masked(text: string): string {
  return text
    .replaceAll(/\[\d{4}-\d{2}-\d{2} [\d:,]+\]/g, '[TIME]')
    .replaceAll(/(TopicId: |Cluster ID: )[\w-]{22}/g, '$1ID')
    .replaceAll(/127\.0\.0\.1:\d+ */g, '127.0.0.1:PORT ')
    .replaceAll(/"logDir":"[^"]*"/g, '"logDir":"DIR"')
    .replaceAll(/"size":\d+/g, '"size":0')
    .replaceAll(/--bootstrap-server \S+/g, '--bootstrap-server HOST')
}

/** Lines, and what stands in rows that no line ends, in an order of their own. */
function sorted(text: string): string {
  const parts = text.split(/(?<=\n)|(?<= {5,})(?=demo-g )|(?=\{"partition":)|(?<=false\})/)
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== ',')
    .map((part) => part.replace(/,$/, ''))
    .toSorted()
    .join('\n')
}
