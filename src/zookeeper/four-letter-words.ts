// ZooKeeper's four-letter words: one word in, one text out, the connection ends. Only those of
// `4lw.commands.whitelist` are carried out; the others are answered with a refusal.
import type { Processor } from './processor.ts'
import type { ServerConnection } from './server-connection.ts'
import { javaDate } from './shell-format.ts'

const WORDS: ReadonlySet<string> = new Set([
  'conf',
  'cons',
  'crst',
  'dirs',
  'dump',
  'envi',
  'gtmk',
  'hash',
  'isro',
  'mntr',
  'ruok',
  'srst',
  'srvr',
  'stat',
  'stmk',
  'wchc',
  'wchp',
  'wchs',
])

export const VERSION = '3.8.4-ottla, built on 2024-02-12 22:16 UTC'

export interface WordContext {
  readonly processor: Processor
  readonly whitelist: ReadonlySet<string>
  /** Lines of `conf`. */
  readonly settings: ReadonlyMap<string, string | number>
  /** The file that the server was started with. */
  readonly initialConfiguration: string
  /** Of the machine and the process. */
  readonly environment: ReadonlyMap<string, string>
  readonly startedMs: number
  readonly directories: () => DirectoryState
}

/** Sizes of all snapshots and of all logs, and the newest snapshot. */
export interface DirectoryState {
  readonly dataBytes: number
  readonly logBytes: number
  readonly snapshotZxid: number
  readonly snapshotMs: number
}

/** Undefined when the four characters are no such word, but the length of a frame. */
export function answerWord(context: WordContext, word: string): string | undefined {
  if (!WORDS.has(word)) return undefined
  if (!context.whitelist.has('*') && !context.whitelist.has(word)) return refusal(word)
  const answer = ANSWERS.get(word)
  return answer === undefined ? refusal(word) : answer(context)
}

function refusal(word: string): string {
  return `${word} is not executed because it is not in the whitelist.\n`
}

const ANSWERS: ReadonlyMap<string, (context: WordContext) => string> = new Map([
  ['ruok', () => 'imok'],
  ['isro', () => 'rw'],
  ['srvr', (context) => version() + serverLines(context)],
  ['stat', (context) => `${version()}Clients:\n${clientLines(context)}\n${serverLines(context)}`],
  ['conf', conf],
  ['cons', (context) => `${consLines(context)}\n`],
  ['envi', envi],
  ['mntr', mntr],
  ['dump', dump],
  ['crst', crst],
  ['srst', srst],
  ['wchs', wchs],
  ['wchc', wchc],
  ['wchp', wchp],
  ['dirs', dirs],
  // No digests are kept, and nothing is traced.
  ['hash', () => ''],
  ['gtmk', () => '0'],
  ['stmk', () => '0'],
])

function dirs({ directories }: WordContext): string {
  const { dataBytes, logBytes } = directories()
  return `datadir_size: ${dataBytes}\nlogdir_size: ${logBytes}\n`
}

function version(): string {
  return `Zookeeper version: ${VERSION}\n`
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`
}

function serverLines({ processor }: WordContext): string {
  const { latency, machine, connections } = processor
  const average = formatAverage(averageLatency(latency))
  const [received, sent] = packetCounts(processor)
  return [
    `Latency min/avg/max: ${Math.round(latency.minMs)}/${average}/${Math.round(latency.maxMs)}`,
    `Received: ${received}`,
    `Sent: ${sent}`,
    `Connections: ${connections.size}`,
    `Outstanding: ${processor.outstanding}`,
    `Zxid: ${hex(machine.tree.lastZxid)}`,
    'Mode: standalone',
    `Node count: ${nodeCount(machine.tree)}`,
    '',
  ].join('\n')
}

/** Packets received and sent by all connections there were since the last `srst`. */
export function packetCounts(processor: Processor): [number, number] {
  let { received, sent } = processor.endedTraffic
  for (const connection of processor.connections) {
    received += connection.packetsReceived
    sent += connection.packetsSent
  }
  return [received, sent]
}

/** Milliseconds, to four places. */
export function averageLatency({ totalMs, count }: Processor['latency']): number {
  return count === 0 ? 0 : Number((totalMs / count).toFixed(4))
}

/** As Java writes a double. */
function formatAverage(average: number): string {
  return Number.isInteger(average) ? `${average}.0` : String(average)
}

/** ZooKeeper counts the root twice. */
export function nodeCount(tree: Processor['machine']['tree']): number {
  return tree.nodes.size + 1
}

function addressOf(connection: ServerConnection): string {
  return `/${connection.socket.remoteAddress}:${connection.socket.remotePort}`
}

function clientLines({ processor }: WordContext): string {
  return [...processor.connections]
    .map(
      (connection) =>
        ` ${addressOf(connection)}[${connection.sessionId === 0n ? 0 : 1}]` +
        `(queued=0,recved=${connection.packetsReceived},sent=${connection.packetsSent})\n`,
    )
    .join('')
}

function consLines({ processor }: WordContext): string {
  return [...processor.connections]
    .map((connection) => {
      const counts = `queued=0,recved=${connection.packetsReceived},sent=${connection.packetsSent}`
      const session =
        connection.sessionId === 0n
          ? ''
          : `,sid=${hex(connection.sessionId)},est=${connection.establishedMs}` +
            `,to=${connection.sessionTimeoutMs}`
      return ` ${addressOf(connection)}[${session === '' ? 0 : 1}](${counts}${session})\n`
    })
    .join('')
}

function conf({ settings, directories }: WordContext): string {
  const { dataBytes, logBytes } = directories()
  const sizes = new Map([
    ['dataDir', `dataDirSize=${dataBytes}\n`],
    ['dataLogDir', `dataLogSize=${logBytes}\n`],
  ])
  return [...settings].map(([key, value]) => `${key}=${value}\n${sizes.get(key) ?? ''}`).join('')
}

function envi({ environment }: WordContext): string {
  const lines = [...environment].map(([name, value]) => `${name}=${value}\n`)
  return `Environment:\nzookeeper.version=${VERSION}\n${lines.join('')}`
}

function mntr(context: WordContext): string {
  return statistics(context)
    .map(([name, value]) => `zk_${name}\t${value}\n`)
    .join('')
}

/** The lines of `mntr`, without their prefix. */
export function statistics(context: WordContext): [string, string | number][] {
  const { processor } = context
  const { latency, machine, watches } = processor
  const { tree } = machine
  const [received, sent] = packetCounts(processor)
  let ephemerals = 0
  for (const owned of tree.ephemerals.values()) ephemerals += owned.size
  return [
    ['version', VERSION],
    ['server_state', 'standalone'],
    ['ephemerals_count', ephemerals],
    ['num_alive_connections', processor.connections.size],
    ['avg_latency', averageLatency(latency)],
    ['outstanding_requests', processor.outstanding],
    ['znode_count', nodeCount(tree)],
    ['global_sessions', tree.sessions.size],
    ['packets_sent', sent],
    ['packets_received', received],
    ['watch_count', watches.data.size + watches.children.size],
    ['min_latency', Math.round(latency.minMs)],
    ['approximate_data_size', tree.approximateBytes],
    ['local_sessions', 0],
    ['uptime', uptimeMs(context)],
    ['max_latency', Math.round(latency.maxMs)],
    ['large_requests_rejected', processor.rejections.largeRequests],
    ['connection_rejected', processor.rejections.connections],
  ]
}

export function uptimeMs({ processor, startedMs }: WordContext): number {
  return Math.round(processor.options.clock.monotonicMs() - startedMs)
}

function dump({ processor }: WordContext): string {
  const { tree, deadlines } = processor.machine
  const lines = [
    `SessionTracker dump:`,
    `Session Sets (${deadlines.buckets().length})/(${deadlines.size}):`,
  ]
  for (const [deadlineMs, ids] of deadlines.buckets()) {
    lines.push(`${ids.length} expire at ${wallTime(processor, deadlineMs)}:`)
    for (const id of ids) lines.push(`\t${hex(id)}`)
  }
  lines.push('ephemeral nodes dump:', `Sessions with Ephemerals (${tree.ephemerals.size}):`)
  for (const [id, paths] of tree.ephemerals) {
    lines.push(`${hex(id)}:`)
    for (const path of paths) lines.push(`\t${path}`)
  }
  const connections = [...processor.connections].map(
    (connection) => `\tip: ${addressOf(connection)} sessionId: ${hex(connection.sessionId)}`,
  )
  lines.push('Connections dump:', `Connections Sets (1)/(${connections.length}):`, ...connections)
  return `${lines.join('\n')}\n`
}

/** A monotonic time in words. */
function wallTime({ options: { clock } }: Processor, monotonicMs: number): string {
  return javaDate(clock.nowMs() + monotonicMs - clock.monotonicMs())
}

function crst({ processor }: WordContext): string {
  processor.resetConnections()
  return 'Connection stats reset.\n'
}

function srst({ processor }: WordContext): string {
  processor.resetStatistics()
  return 'Server stats reset.\n'
}

function wchs({ processor }: WordContext): string {
  const { data, children } = processor.watches
  const watchers = new Set<ServerConnection>()
  const paths = new Set<string>()
  for (const index of [data, children]) {
    for (const [path, watching] of index.entries()) {
      paths.add(path)
      for (const watcher of watching.keys()) watchers.add(watcher)
    }
  }
  return (
    `${watchers.size} connections watching ${paths.size} paths\n` +
    `Total watches:${data.size + children.size}\n`
  )
}

function wchc({ processor }: WordContext): string {
  const bySession = new Map<string, Set<string>>()
  for (const index of [processor.watches.data, processor.watches.children]) {
    for (const [path, watching] of index.entries()) {
      for (const { sessionId } of watching.keys()) {
        const paths = bySession.get(hex(sessionId)) ?? new Set()
        bySession.set(hex(sessionId), paths.add(path))
      }
    }
  }
  return grouped(bySession)
}

function wchp({ processor }: WordContext): string {
  const byPath = new Map<string, Set<string>>()
  for (const index of [processor.watches.data, processor.watches.children]) {
    for (const [path, watching] of index.entries()) {
      const sessions = byPath.get(path) ?? new Set()
      for (const { sessionId } of watching.keys()) sessions.add(hex(sessionId))
      byPath.set(path, sessions)
    }
  }
  return grouped(byPath)
}

function grouped(groups: ReadonlyMap<string, ReadonlySet<string>>): string {
  const lines = [...groups].flatMap(([name, members]) => [
    `${name}\n`,
    ...[...members].map((member) => `\t${member}\n`),
  ])
  return `${lines.join('')}\n`
}
