// The commands of ZooKeeper's shell (zkCli.sh, zookeeper-shell.sh): one line in, lines of standard
// output and standard error out, as Apache ZooKeeper 3.8 prints them. The caller owns the prompt,
// the history and the printing of watch events.
import type { ZooKeeperClient } from './client.ts'
import type { WatchEvent } from './client-options.ts'
import { codeName, ZooKeeperCode, ZooKeeperError } from './errors.ts'
import { joinPath, pathFault } from './paths.ts'
import { formatAcl, formatStat, parseAcl } from './shell-format.ts'
import { parseLine, ShellUsageError } from './shell-line.ts'
import type { ParsedLine } from './shell-line.ts'
import type { Stat } from './protocol.ts'

export interface ShellOutput {
  readonly stdout: string[]
  readonly stderr: string[]
  /** What the process exits with when this was its only command. */
  exitCode: number
  /** The command asks to leave the shell. */
  quit: boolean
}

interface Command {
  readonly usage: string
  /** Options that take a value, and those that do not. */
  readonly valued?: readonly string[]
  readonly flags?: readonly string[]
  readonly minArguments: number
  readonly run: (client: ZooKeeperClient, line: ParsedLine, output: ShellOutput) => Promise<void>
}

const CLI_VERSION = '3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12 22:16 UTC'

/** How Java's client spells the rarer codes. */
const JAVA_NAMES: ReadonlyMap<number, string> = new Map([
  [ZooKeeperCode.UNIMPLEMENTED, 'Unimplemented'],
  [ZooKeeperCode.SESSIONEXPIRED, 'Session expired'],
  [ZooKeeperCode.CONNECTIONLOSS, 'ConnectionLoss'],
  [ZooKeeperCode.AUTHFAILED, 'AuthFailed'],
  [ZooKeeperCode.MARSHALLINGERROR, 'MarshallingError'],
  [ZooKeeperCode.SYSTEMERROR, 'SystemError'],
])

const EVENT_TYPES = {
  created: 'NodeCreated',
  deleted: 'NodeDeleted',
  dataChanged: 'NodeDataChanged',
  childrenChanged: 'NodeChildrenChanged',
} as const

/** Never rejects for what a server or the line itself can get wrong: that is in the output. */
export async function runShellCommand(client: ZooKeeperClient, line: string): Promise<ShellOutput> {
  const output: ShellOutput = { stdout: [], stderr: [], exitCode: 0, quit: false }
  const [name = '', ...rest] = parseLine(line)
  if (name === '') return output
  const command = COMMANDS.get(name)
  if (command === undefined) {
    output.stderr.push(...shellUsage(), `Command not found: Command not found ${name}`)
    output.exitCode = 127
    return output
  }
  try {
    await command.run(client, readArguments(command, name, rest), output)
  } catch (error) {
    report(error, output)
  }
  return output
}

/** The list of commands, as `help` prints it. */
export function shellUsage(): string[] {
  const usages = [...COMMANDS]
    .filter(([name]) => name !== 'help')
    .map(([name, { usage }]) => `\t${name} ${usage}`)
  return ['ZooKeeper -server host:port [-zk-tls-config-file <file>] cmd args', ...usages.toSorted()]
}

/** What the shell prints when a watch fires. */
export function formatWatchEvent(event: WatchEvent): string[] {
  const type = EVENT_TYPES[event.type]
  return ['', 'WATCHER::', '', `WatchedEvent state:SyncConnected type:${type} path:${event.path}`]
}

/** What the shell prints once it is connected. */
export const CONNECTED_LINES: readonly string[] = [
  '',
  'WATCHER::',
  '',
  'WatchedEvent state:SyncConnected type:None path:null',
]

function readArguments(command: Command, name: string, words: readonly string[]): ParsedLine {
  const flags = new Set<string>()
  const values = new Map<string, string>()
  const args: string[] = []
  const usage = `${name} ${command.usage}`
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (command.valued?.includes(word) === true) {
      const value = words[++index]
      if (value === undefined)
        throw new ShellUsageError(`Missing argument for option: ${word.slice(1)}`)
      values.set(word, value)
    } else if (command.flags?.includes(word) === true) {
      flags.add(word)
    } else if (/^-[a-z]/i.test(word) && args.length === 0) {
      throw new ShellUsageError(`Unrecognized option: ${word}`)
    } else {
      args.push(word)
    }
  }
  if (args.length < command.minArguments) throw new ShellUsageError(usage)
  return { args, flags, values, usage }
}

function report(error: unknown, output: ShellOutput): void {
  if (error instanceof ShellUsageError) {
    output.stderr.push(error.message)
    output.exitCode = 1
    return
  }
  if (!(error instanceof ZooKeeperError)) throw error
  output.stderr.push(describe(error))
  output.exitCode = 1
}

function describe(error: ZooKeeperError): string {
  const path = error.path ?? ''
  switch (error.code) {
    case ZooKeeperCode.NONODE:
      return `Node does not exist: ${path}`
    case ZooKeeperCode.NODEEXISTS:
      return `Node already exists: ${path}`
    case ZooKeeperCode.NOTEMPTY:
      return `Node not empty: ${path}`
    case ZooKeeperCode.NOCHILDRENFOREPHEMERALS:
      return `Ephemerals cannot have children: ${path}`
    case ZooKeeperCode.INVALIDACL:
      return `Acl is not valid : ${path}`
    case ZooKeeperCode.NOAUTH:
      return `Insufficient permission : ${path}`
    case ZooKeeperCode.BADARGUMENTS:
      return pathFault(path) ?? `Arguments are not valid : ${path}`
    case ZooKeeperCode.BADVERSION:
      return `version No is not valid : ${path}`
    case ZooKeeperCode.NOWATCHER:
      return `KeeperErrorCode = No such watcher for ${path}`
    case ZooKeeperCode.SESSIONEXPIRED:
    case ZooKeeperCode.CONNECTIONLOSS:
      return `KeeperErrorCode = ${JAVA_NAMES.get(error.code)}${path === '' ? '' : ` for ${path}`}`
    default:
      return `KeeperErrorCode = ${JAVA_NAMES.get(error.code) ?? codeName(error.code)} for ${path}`
  }
}

/** The line's first argument. `readArguments` has seen that it is there. */
function pathOf(line: ParsedLine): string {
  const path = line.args[0] ?? ''
  const fault = pathFault(path)
  if (fault !== undefined) throw new ShellUsageError(fault)
  return path
}

function versionOf(line: ParsedLine): number {
  const text = line.values.get('-v')
  if (text === undefined) return -1
  if (!/^-?\d+$/.test(text)) throw new ShellUsageError(`For input string: "${text}"`)
  return Number(text)
}

async function list(client: ZooKeeperClient, line: ParsedLine, output: ShellOutput): Promise<void> {
  const path = pathOf(line)
  const watch = line.flags.has('-w')
  if (line.flags.has('-R')) {
    output.stdout.push(path)
    return listBelow(client, path, watch, output)
  }
  const { names, stat } = await client.childrenWithStat(path, { watch })
  output.stdout.push(`[${names.toSorted().join(', ')}]`)
  if (line.flags.has('-s')) output.stdout.push(...formatStat(stat))
}

/** Children first, then what is below each: the shell's own order. */
async function listBelow(
  client: ZooKeeperClient,
  path: string,
  watch: boolean,
  output: ShellOutput,
): Promise<void> {
  const names = (await client.children(path, { watch })).toSorted()
  const children = names.map((name) => joinPath(path, name))
  output.stdout.push(...children)
  for (const child of children) await listBelow(client, child, watch, output)
}

async function get(client: ZooKeeperClient, line: ParsedLine, output: ShellOutput): Promise<void> {
  const { data, stat } = await client.get(pathOf(line), { watch: line.flags.has('-w') })
  output.stdout.push(data === null ? 'null' : data.toString('utf8'))
  if (line.flags.has('-s')) output.stdout.push(...formatStat(stat))
}

async function stat(client: ZooKeeperClient, line: ParsedLine, output: ShellOutput): Promise<void> {
  const path = pathOf(line)
  const found = await client.exists(path, { watch: line.flags.has('-w') })
  if (found === undefined) throw new ZooKeeperError(ZooKeeperCode.NONODE, path)
  output.stdout.push(...formatStat(found))
}

function pushStat(line: ParsedLine, output: ShellOutput, changed: Stat): void {
  if (line.flags.has('-s')) output.stdout.push(...formatStat(changed))
}

async function set(client: ZooKeeperClient, line: ParsedLine, output: ShellOutput): Promise<void> {
  const data = Buffer.from(line.args[1] ?? '')
  pushStat(line, output, await client.set(pathOf(line), data, versionOf(line)))
}

async function create(
  client: ZooKeeperClient,
  line: ParsedLine,
  output: ShellOutput,
): Promise<void> {
  const [, data, acl] = line.args
  const { flags } = line
  const ttl = line.values.get('-t')
  if (flags.has('-c') && (flags.has('-e') || flags.has('-s'))) {
    throw new ShellUsageError(
      '-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.',
    )
  }
  if (ttl !== undefined && flags.has('-e'))
    throw new ShellUsageError('TTLs cannot be used with Ephemeral znodes')
  const created = await client.create(pathOf(line), data === undefined ? null : Buffer.from(data), {
    ephemeral: flags.has('-e'),
    sequential: flags.has('-s'),
    container: flags.has('-c'),
    ttlMs: ttl === undefined ? undefined : Number(ttl),
    acl: acl === undefined ? undefined : parseAcl(acl),
  })
  output.stderr.push(`Created ${created.path}`)
}

async function deleteAll(
  client: ZooKeeperClient,
  line: ParsedLine,
  output: ShellOutput,
): Promise<void> {
  const path = pathOf(line)
  if ((await client.exists(path)) === undefined) {
    throw new ZooKeeperError(ZooKeeperCode.NONODE, path)
  }
  try {
    await client.deleteRecursive(path)
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error
    output.stderr.push('Failed to delete some node(s) in the subtree!')
  }
}

async function getAcl(
  client: ZooKeeperClient,
  line: ParsedLine,
  output: ShellOutput,
): Promise<void> {
  const found = await client.getAcl(pathOf(line))
  for (const acl of found.acl) output.stdout.push(...formatAcl(acl))
  pushStat(line, output, found.stat)
}

async function setAcl(
  client: ZooKeeperClient,
  line: ParsedLine,
  output: ShellOutput,
): Promise<void> {
  const acl = parseAcl(line.args[1] ?? '')
  const paths = [pathOf(line)]
  for (let index = 0; line.flags.has('-R') && index < paths.length; index++) {
    const path = paths[index] ?? '/'
    for (const name of await client.children(path)) paths.push(joinPath(path, name))
  }
  for (const path of paths) pushStat(line, output, await client.setAcl(path, acl, versionOf(line)))
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['ls', { usage: '[-s] [-w] [-R] path', flags: ['-s', '-w', '-R'], minArguments: 1, run: list }],
  ['get', { usage: '[-s] [-w] path', flags: ['-s', '-w'], minArguments: 1, run: get }],
  ['stat', { usage: '[-w] path', flags: ['-w'], minArguments: 1, run: stat }],
  [
    'set',
    {
      usage: '[-s] [-v version] path data',
      flags: ['-s'],
      valued: ['-v'],
      minArguments: 2,
      run: set,
    },
  ],
  [
    'create',
    {
      usage: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
      flags: ['-s', '-e', '-c'],
      valued: ['-t'],
      minArguments: 1,
      run: create,
    },
  ],
  [
    'delete',
    {
      usage: '[-v version] path',
      valued: ['-v'],
      minArguments: 1,
      run: (client, line) => client.delete(pathOf(line), versionOf(line)),
    },
  ],
  ['deleteall', { usage: 'path [-b batch size]', valued: ['-b'], minArguments: 1, run: deleteAll }],
  ['getAcl', { usage: '[-s] path', flags: ['-s'], minArguments: 1, run: getAcl }],
  [
    'setAcl',
    {
      usage: '[-s] [-v version] [-R] path acl',
      flags: ['-s', '-R'],
      valued: ['-v'],
      minArguments: 2,
      run: setAcl,
    },
  ],
  [
    'sync',
    {
      usage: 'path',
      minArguments: 1,
      run: async (client, line, output) => {
        await client.sync(pathOf(line))
        output.stdout.push('Sync is OK')
      },
    },
  ],
  [
    'getAllChildrenNumber',
    {
      usage: 'path',
      minArguments: 1,
      run: async (client, line, output) => {
        output.stdout.push(String(await client.allChildrenNumber(pathOf(line))))
      },
    },
  ],
  [
    'getEphemerals',
    {
      usage: 'path',
      minArguments: 0,
      run: async (client, line, output) => {
        const paths = await client.ephemerals(line.args[0] ?? '/')
        output.stdout.push(`[${paths.join(', ')}]`)
      },
    },
  ],
  [
    'addauth',
    {
      usage: 'scheme auth',
      minArguments: 1,
      run: (client, line) => {
        client.addAuth(line.args[0] ?? '', Buffer.from(line.args[1] ?? ''))
        return Promise.resolve()
      },
    },
  ],
  [
    'whoami',
    {
      usage: '',
      minArguments: 0,
      run: async (client, _line, output) => {
        const identities = await client.whoAmI()
        output.stdout.push('Auth scheme: User')
        for (const { scheme, user } of identities) output.stdout.push(`${scheme}: ${user}`)
      },
    },
  ],
  [
    'addWatch',
    {
      usage:
        '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE',
      valued: ['-m'],
      minArguments: 1,
      run: (client, line) => {
        const mode = line.values.get('-m')?.toUpperCase() ?? 'PERSISTENT_RECURSIVE'
        return client.addWatch(pathOf(line), mode === 'PERSISTENT' ? 'persistent' : 'recursive')
      },
    },
  ],
  [
    'removewatches',
    {
      usage: 'path [-c|-d|-a] [-l]',
      flags: ['-c', '-d', '-a', '-l'],
      minArguments: 1,
      run: (client, line) => client.removeWatches(pathOf(line)),
    },
  ],
  [
    'config',
    {
      usage: '[-c] [-w] [-s]',
      flags: ['-c', '-w', '-s'],
      minArguments: 0,
      run: (client, line, output) => get(client, { ...line, args: ['/zookeeper/config'] }, output),
    },
  ],
  [
    'version',
    {
      usage: '',
      minArguments: 0,
      run: (_client, _line, output) => {
        output.stdout.push(`ZooKeeper CLI version: ${CLI_VERSION}`)
        return Promise.resolve()
      },
    },
  ],
  ['help', { usage: '', minArguments: 0, run: help }],
  ['quit', { usage: '', minArguments: 0, run: quit }],
  ['close', { usage: '', minArguments: 0, run: quit }],
])

function help(_client: ZooKeeperClient, _line: ParsedLine, output: ShellOutput): Promise<void> {
  output.stderr.push(...shellUsage())
  return Promise.resolve()
}

function quit(_client: ZooKeeperClient, _line: ParsedLine, output: ShellOutput): Promise<void> {
  output.quit = true
  return Promise.resolve()
}
