// The commands of ZooKeeper's admin server: a name in, an object out, with the names and fields of
// Apache ZooKeeper 3.8. Serving them over HTTP is the caller's.
import { averageLatency, nodeCount, packetCounts, statistics } from './four-letter-words.ts'
import { uptimeMs, VERSION, type WordContext } from './four-letter-words.ts'
import type { ServerConnection } from './server-connection.ts'

type Fields = Readonly<Record<string, unknown>>
type Answer = (context: WordContext) => Fields

/** The JSON of a command, which an unknown one has too. */
export function answerCommand(context: WordContext, name: string): string {
  const primary = ALIASES.get(name) ?? name
  const answer = COMMANDS.get(primary)
  const fields =
    answer === undefined
      ? { command: name, error: `Unknown command: ${name}` }
      : { error: null, ...answer(context), command: primary }
  return `${json(fields)}\n`
}

/** What may be asked, in the order of the alphabet. */
export function commandNames(): string[] {
  return [...COMMANDS.keys()].toSorted()
}

/** Numbers of sessions are larger than JSON's writer here can tell exactly; paths hold no NUL. */
function json(fields: Fields): string {
  const marked = JSON.stringify(
    fields,
    (_key, value: unknown) => (typeof value === 'bigint' ? `\0${value}` : value),
    2,
  )
  return marked.replaceAll(/"\\u0000(-?\d+)"/g, '$1')
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['conf', 'configuration'],
  ['config', 'configuration'],
  ['cons', 'connections'],
  ['crst', 'connection_stat_reset'],
  ['env', 'environment'],
  ['envi', 'environment'],
  ['gtmk', 'get_trace_mask'],
  ['isro', 'is_read_only'],
  ['lsnp', 'last_snapshot'],
  ['lead', 'leader'],
  ['mntr', 'monitor'],
  ['srvr', 'server_stats'],
  ['srst', 'stat_reset'],
  ['icfg', 'initial_configuration'],
  ['obsr', 'observers'],
  ['orst', 'observer_connection_stat_reset'],
  ['stmk', 'set_trace_mask'],
  ['sysp', 'system_properties'],
  ['stat', 'stats'],
  ['wchc', 'watches'],
  ['wchp', 'watches_by_path'],
  ['wchs', 'watch_summary'],
])

const COMMANDS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['configuration', configuration],
  ['connections', (context) => connections(context)],
  ['connection_stat_reset', resetConnections],
  [
    'dirs',
    ({ directories }) => ({
      datadir_size: directories().dataBytes,
      logdir_size: directories().logBytes,
    }),
  ],
  ['dump', dump],
  [
    'environment',
    ({ environment }) => ({ 'zookeeper.version': VERSION, ...Object.fromEntries(environment) }),
  ],
  ['get_trace_mask', () => ({ tracemask: 0 })],
  ['hash', () => ({ digests: [] })],
  [
    'initial_configuration',
    ({ initialConfiguration }) => ({ initial_configuration: initialConfiguration }),
  ],
  ['is_read_only', () => ({ read_only: false })],
  ['last_snapshot', lastSnapshot],
  // As of every server that stands alone.
  ['leader', () => ({ error: 'server is not initialized' })],
  ['monitor', (context) => Object.fromEntries(statistics(context))],
  ['observer_connection_stat_reset', () => ({})],
  ['observers', () => ({ synced_observers: 0, observers: [] })],
  ['ruok', () => ({})],
  ['server_stats', serverStats],
  ['set_trace_mask', () => ({ error: 'nothing is traced here, whatever the mask' })],
  ['stat_reset', resetStatistics],
  ['stats', (context) => ({ ...serverStats(context), ...connections(context, briefFields) })],
  ['system_properties', ({ environment }) => Object.fromEntries(environment)],
  ['voting_view', () => ({ current_config: {} })],
  ['watch_summary', watchSummary],
  ['watches', (context) => ({ session_id_to_watched_paths: group(context, bySession) })],
  ['zabstate', () => ({ voting: false, zabstate: '' })],
  ['watches_by_path', (context) => ({ path_to_session_ids: group(context, byPath) })],
])

function configuration({ settings }: WordContext): Fields {
  const entries = [...settings]
    .filter(([key, value]) => key !== 'secureClientPort' || value !== -1)
    .map(([key, value]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ])
  return Object.fromEntries(entries)
}

function connections({ processor }: WordContext, fieldsOf = connectionFields): Fields {
  const all = [...processor.connections].map((connection) => ({
    secure: connection.socket.isEncrypted === true,
    fields: fieldsOf(connection),
  }))
  return {
    connections: all.filter(({ secure }) => !secure).map(({ fields }) => fields),
    secure_connections: all.filter(({ secure }) => secure).map(({ fields }) => fields),
  }
}

function briefFields({ socket, packetsReceived, packetsSent }: ServerConnection): Fields {
  return {
    remote_socket_address: `${socket.remoteAddress}:${socket.remotePort}`,
    packets_received: packetsReceived,
    packets_sent: packetsSent,
  }
}

function connectionFields(connection: ServerConnection): Fields {
  return {
    ...briefFields(connection),
    session_id: connection.sessionId,
    established: new Date(connection.establishedMs).toISOString(),
    session_timeout: connection.sessionTimeoutMs,
  }
}

function resetConnections({ processor }: WordContext): Fields {
  processor.resetConnections()
  return {}
}

function resetStatistics({ processor }: WordContext): Fields {
  processor.resetStatistics()
  return {}
}

function dump({ processor }: WordContext): Fields {
  const { tree, deadlines } = processor.machine
  const owners = [...tree.ephemerals].map(([id, paths]) => [String(id), [...paths]])
  return {
    expiry_time_to_session_ids: Object.fromEntries(deadlines.buckets()),
    session_id_to_ephemeral_paths: Object.fromEntries(owners),
  }
}

function lastSnapshot({ directories }: WordContext): Fields {
  const { snapshotZxid, snapshotMs } = directories()
  return { zxid: snapshotZxid.toString(16), timestamp: Math.floor(snapshotMs / 1000) }
}

function serverStats(context: WordContext): Fields {
  const { processor, directories } = context
  const { latency, machine } = processor
  const [received, sent] = packetCounts(processor)
  const { dataBytes, logBytes } = directories()
  return {
    version: VERSION,
    read_only: false,
    server_stats: {
      packets_sent: sent,
      packets_received: received,
      fsync_threshold_exceed_count: 0,
      data_dir_size: dataBytes,
      log_dir_size: logBytes,
      provider_null: false,
      last_processed_zxid: machine.tree.lastZxid,
      outstanding_requests: processor.outstanding,
      server_state: 'standalone',
      avg_latency: averageLatency(latency),
      max_latency: Math.round(latency.maxMs),
      min_latency: Math.round(latency.minMs),
      num_alive_client_connections: processor.connections.size,
      uptime: uptimeMs(context),
    },
    node_count: nodeCount(machine.tree),
  }
}

function watchSummary({ processor }: WordContext): Fields {
  const watching = [...watchPairs(processor)]
  return {
    num_connections: new Set(watching.map(([sessionId]) => sessionId)).size,
    num_paths: new Set(watching.map(([, path]) => path)).size,
    num_total_watches: watching.length,
  }
}

function* watchPairs(processor: WordContext['processor']): Generator<[bigint, string]> {
  for (const index of [processor.watches.data, processor.watches.children]) {
    for (const [path, watching] of index.entries()) {
      for (const { sessionId } of watching.keys()) yield [sessionId, path]
    }
  }
}

const bySession = (sessionId: bigint, path: string) => [String(sessionId), path] as const
const byPath = (sessionId: bigint, path: string) => [path, sessionId] as const

function group(
  { processor }: WordContext,
  keyed: (sessionId: bigint, path: string) => readonly [string, string | bigint],
): Fields {
  const groups = new Map<string, Set<string | bigint>>()
  for (const [sessionId, path] of watchPairs(processor)) {
    const [key, member] = keyed(sessionId, path)
    groups.set(key, (groups.get(key) ?? new Set()).add(member))
  }
  return Object.fromEntries([...groups].map(([key, members]) => [key, [...members]]))
}
