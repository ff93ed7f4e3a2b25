// The shell's commands on nodes, watches and identities: what each asks, and what it prints.
import type { ZooKeeperClient } from './client.ts'
import { ZooKeeperCode, ZooKeeperError } from './errors.ts'
import { joinPath } from './paths.ts'
import type { Stat } from './protocol.ts'
import { exceptionText, pathOf, versionOf } from './shell-command.ts'
import type { ShellCommand, ShellOutput } from './shell-command.ts'
import { formatAcl, formatStat, parseAcl } from './shell-format.ts'
import { ShellUsageError } from './shell-line.ts'
import type { ParsedLine } from './shell-line.ts'
import { reconfig } from './shell-reconfig.ts'

type Run = ShellCommand['run']

const CLI_VERSION = '3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12 22:16 UTC'
const MAX_TTL_MS = 1_099_511_627_775

/** `path watch`, the form of old, says so and watches. */
function watches(line: ParsedLine, name: string, now: string, output: ShellOutput): boolean {
  if (line.args.length < 2) return line.flags.has('w')
  const message = `'${name} path [watch]' has been deprecated. Please use '${name} ${now} path' instead.`
  output.err(message)
  return true
}

const list: Run = async (client, line, output) => {
  const watch = watches(line, 'ls', '[-w]', output)
  const path = pathOf(line)
  if (line.flags.has('R')) {
    const paths = await pathsBelow(client, path)
    output.out(path, ...paths)
    return
  }
  const { names, stat } = await client.childrenWithStat(path, { watch })
  output.out(`[${names.toSorted().join(', ')}]`)
  if (line.flags.has('s')) output.out(...formatStat(stat))
}

/** Children first, then what is below each, as the shell lists them. */
async function pathsBelow(client: ZooKeeperClient, path: string): Promise<string[]> {
  const names = (await client.children(path)).toSorted()
  const children = names.map((name) => joinPath(path, name))
  const found = [...children]
  for (const child of children) found.push(...(await pathsBelow(client, child)))
  return found
}

const get: Run = async (client, line, output) => {
  const watch = watches(line, 'get', '[-s] [-w]', output)
  const { data, stat } = await client.get(pathOf(line), { watch })
  output.out(data === null ? 'null' : data.toString('utf8'))
  pushStat(line, output, stat)
}

const stat: Run = async (client, line, output) => {
  const watch = watches(line, 'stat', '[-w]', output)
  const path = pathOf(line)
  const found = await client.exists(path, { watch })
  if (found === undefined) throw new ZooKeeperError(ZooKeeperCode.NONODE, path)
  output.out(...formatStat(found))
}

function pushStat(line: ParsedLine, output: ShellOutput, shown: Stat): void {
  if (line.flags.has('s')) output.out(...formatStat(shown))
}

const set: Run = async (client, line, output) => {
  const version = versionOf(line)
  const data = Buffer.from(line.args[1] ?? '')
  pushStat(line, output, await client.set(pathOf(line), data, version))
}

function ttlOf(line: ParsedLine): number | undefined {
  const text = line.values.get('t')
  if (text === undefined) return undefined
  if (!/^[+-]?\d+$/.test(text)) throw new ShellUsageError('-t argument must be a long value')
  return Number(text)
}

const create: Run = async (client, line, output) => {
  const [, data, acl] = line.args
  const { flags } = line
  if (flags.has('c') && (flags.has('e') || flags.has('s'))) {
    throw new ShellUsageError(
      '-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.',
    )
  }
  const ttlMs = ttlOf(line)
  if (ttlMs !== undefined && flags.has('e')) {
    throw new ShellUsageError('TTLs cannot be used with Ephemeral znodes')
  }
  if (ttlMs !== undefined && (ttlMs <= 0 || ttlMs > MAX_TTL_MS)) {
    throw new ShellUsageError(`ttl must be positive and cannot be larger than: ${MAX_TTL_MS}`)
  }
  try {
    const created = await client.create(
      pathOf(line, flags.has('s') ? '0' : ''),
      data === undefined ? null : Buffer.from(data),
      {
        ephemeral: flags.has('e'),
        sequential: flags.has('s'),
        container: flags.has('c'),
        ttlMs,
        acl: acl === undefined ? undefined : someAcl(acl, output),
      },
    )
    output.err(`Created ${created.path}`)
  } catch (error) {
    const isAclRefused = error instanceof ZooKeeperError && error.code === ZooKeeperCode.INVALIDACL
    if (isAclRefused) output.err(exceptionText(error))
    throw error
  }
}

/** What can be read of the list; nothing of it is refused before it is sent. */
function someAcl(text: string, output: ShellOutput): ReturnType<typeof parseAcl> {
  const acl = parseAcl(text, (fault) => output.err(fault))
  if (acl.length === 0) throw new ZooKeeperError(ZooKeeperCode.INVALIDACL)
  return acl
}

const remove: Run = async (client, line, output) => {
  if (line.args.length > 1) {
    output.err(
      "'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.",
    )
  }
  await client.delete(pathOf(line), versionOf(line))
}

const deleteAll: Run = async (client, line, output) => {
  const path = pathOf(line)
  if ((await client.exists(path)) === undefined) {
    throw new ZooKeeperError(ZooKeeperCode.NONODE, path)
  }
  try {
    await client.deleteRecursive(path)
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error
    output.err('Failed to delete some node(s) in the subtree!')
  }
}

const getAcl: Run = async (client, line, output) => {
  const found = await client.getAcl(pathOf(line))
  for (const acl of found.acl) output.out(...formatAcl(acl))
  pushStat(line, output, found.stat)
}

const setAcl: Run = async (client, line, output) => {
  const path = pathOf(line)
  const version = versionOf(line)
  const acl = someAcl(line.args[1] ?? '', output)
  if (!line.flags.has('R')) {
    pushStat(line, output, await client.setAcl(path, acl, version))
    return
  }
  try {
    for (const at of [path, ...(await pathsBelow(client, path))]) {
      await client.setAcl(at, acl, version)
    }
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error
    output.err(exceptionText(error))
  }
}

const sync: Run = async (client, line, output) => {
  await client.sync(pathOf(line))
  output.out('Sync is OK')
}

const countBelow: Run = async (client, line, output) => {
  output.out(String(await client.allChildrenNumber(pathOf(line))))
}

const ephemerals: Run = async (client, line, output) => {
  const paths = await client.ephemerals(line.args.length === 0 ? '/' : pathOf(line))
  output.out(`[${paths.join(', ')}]`)
}

const addAuth: Run = (client, line) => {
  const [scheme = '', auth] = line.args
  client.addAuth(scheme, auth === undefined ? null : Buffer.from(auth))
  return Promise.resolve()
}

const whoAmI: Run = async (client, _line, output) => {
  const identities = await client.whoAmI()
  output.out('Auth scheme: User')
  for (const { scheme, user } of identities) output.out(`${scheme}: ${user}`)
}

const addWatch: Run = async (client, line) => {
  const mode = (line.values.get('m') ?? 'PERSISTENT_RECURSIVE').toUpperCase()
  if (!['PERSISTENT', 'PERSISTENT_RECURSIVE'].includes(mode)) throw new ShellUsageError(line.usage)
  await client.addWatch(pathOf(line), mode === 'PERSISTENT' ? 'persistent' : 'recursive')
}

const REMOVED = {
  data: 'DataWatchRemoved',
  children: 'ChildWatchRemoved',
  persistent: 'PersistentWatchRemoved',
} as const

const removeWatches: Run = async (client, line, output) => {
  const path = pathOf(line)
  const kind = line.flags.has('c') ? 'children' : line.flags.has('d') ? 'data' : 'any'
  const removed = await client.removeWatches(path, kind, { local: line.flags.has('l') })
  for (const one of removed) output.out(...eventLines('SyncConnected', REMOVED[one], path))
}

/** What the shell prints of an event. */
export function eventLines(state: string, type: string, path: string | null): string[] {
  return ['', 'WATCHER::', '', `WatchedEvent state:${state} type:${type} path:${path}`]
}

const config: Run = async (client, line, output) => {
  const found = await client.get('/zookeeper/config', { watch: line.flags.has('w') })
  const text = found.data?.toString() ?? ''
  output.out(line.flags.has('c') ? clientConfig(text) : text)
  pushStat(line, output, found.stat)
}

/** Version and client addresses of the members, of which a server alone has none. */
function clientConfig(text: string): string {
  const version = /^version=(.*)$/m.exec(text)?.[1] ?? ''
  const members = [...text.matchAll(/^server\.\d+=[^;]*;(.*)$/gm)].map(([, address]) => address)
  return `${version} ${members.join(',')}`
}

const version: Run = (_client, line, output) => {
  if (line.args.length > 0) throw new ShellUsageError(line.usage)
  output.out(`ZooKeeper CLI version: ${CLI_VERSION}`)
  return Promise.resolve()
}

const WATCH_MODES = 'PERSISTENT, PERSISTENT_RECURSIVE'

export const NODE_COMMANDS: readonly [string, ShellCommand][] = [
  ['ls', { usage: '[-s] [-w] [-R] path', options: { flags: 'swR' }, minArguments: 1, run: list }],
  ['get', { usage: '[-s] [-w] path', options: { flags: 'sw' }, minArguments: 1, run: get }],
  ['stat', { usage: '[-w] path', options: { flags: 'w' }, minArguments: 1, run: stat }],
  [
    'set',
    {
      usage: '[-s] [-v version] path data',
      options: { flags: 's', valued: 'v' },
      minArguments: 2,
      run: set,
    },
  ],
  [
    'create',
    {
      usage: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
      options: { flags: 'sec', valued: 't' },
      minArguments: 1,
      run: create,
    },
  ],
  [
    'delete',
    { usage: '[-v version] path', options: { valued: 'v' }, minArguments: 1, run: remove },
  ],
  [
    'deleteall',
    { usage: 'path [-b batch size]', options: { valued: 'b' }, minArguments: 1, run: deleteAll },
  ],
  ['getAcl', { usage: '[-s] path', options: { flags: 's' }, minArguments: 1, run: getAcl }],
  [
    'setAcl',
    {
      usage: '[-s] [-v version] [-R] path acl',
      options: { flags: 'sR', valued: 'v' },
      minArguments: 2,
      run: setAcl,
    },
  ],
  ['sync', { usage: 'path', minArguments: 1, run: sync }],
  ['getAllChildrenNumber', { usage: 'path', minArguments: 1, run: countBelow }],
  ['getEphemerals', { usage: 'path', minArguments: 0, run: ephemerals }],
  ['addauth', { usage: 'scheme auth', minArguments: 1, run: addAuth }],
  ['whoami', { usage: '', minArguments: 0, run: whoAmI }],
  [
    'addWatch',
    {
      usage: `[-m mode] path # optional mode is one of [${WATCH_MODES}] - default is PERSISTENT_RECURSIVE`,
      options: { valued: 'm' },
      minArguments: 1,
      run: addWatch,
    },
  ],
  [
    'removewatches',
    {
      usage: 'path [-c|-d|-a] [-l]',
      options: { flags: 'cdal' },
      minArguments: 1,
      run: removeWatches,
    },
  ],
  ['config', { usage: '[-c] [-w] [-s]', options: { flags: 'cws' }, minArguments: 0, run: config }],
  [
    'reconfig',
    {
      usage:
        '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | ' +
        '[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
      options: { flags: 's', valued: 'v', words: ['file', 'members', 'add', 'remove'] },
      minArguments: 0,
      run: reconfig,
    },
  ],
  ['version', { usage: '', options: {}, minArguments: 0, run: version }],
]
