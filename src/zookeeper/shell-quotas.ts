// Quotas in the shell: limits of nodes and bytes for a node and all below it, kept under
// `/zookeeper/quota`. -1 is no limit. No two limited nodes lie below each other.
import type { ZooKeeperClient } from './client.ts'
import { ignoreMissing } from './client-recursive.ts'
import { joinPath, parentOf, pathFault } from './paths.ts'
import { ShellUsageError } from './shell-line.ts'
import type { ParsedLine } from './shell-line.ts'
import { pathOf } from './shell-command.ts'
import type { ShellCommand, ShellOutput } from './shell-command.ts'

const ROOT = '/zookeeper/quota'

interface Limits {
  count: number
  bytes: number
  byteHardLimit: number
  countHardLimit: number
}

const NO_LIMITS: Limits = { count: -1, bytes: -1, byteHardLimit: -1, countHardLimit: -1 }

/** Options of both commands, and the limit that each stands for. */
const LETTERS = [
  ['n', 'count', 'num'],
  ['b', 'bytes', 'bytes'],
  ['N', 'countHardLimit', 'num'],
  ['B', 'byteHardLimit', 'bytes'],
] as const

const REQUIRED = '[-n num soft quota, -b bytes soft quota, -N num hard quota, -B bytes hard quota]'

export const QUOTA_COMMANDS: readonly [string, ShellCommand][] = [
  [
    'setquota',
    {
      usage: '-n|-b|-N|-B val path',
      options: { valued: 'nbNB', exclusive: 'nbNB', required: REQUIRED },
      minArguments: 1,
      run: setQuota,
    },
  ],
  ['listquota', { usage: 'path', minArguments: 1, run: listQuota }],
  [
    'delquota',
    {
      usage: '[-n|-b|-N|-B] path',
      options: { flags: 'nbNB', exclusive: 'nbNB' },
      minArguments: 1,
      run: deleteQuota,
    },
  ],
]

const limitsOf = (path: string): string => `${ROOT}${path}/zookeeper_limits`
const statsOf = (path: string): string => `${ROOT}${path}/zookeeper_stats`

function parse(data: Buffer | null): Limits {
  const limits = { ...NO_LIMITS }
  for (const [, name = '', value] of String(data ?? '').matchAll(/(\w+)=(-?\d+)/g)) {
    if (isLimit(name)) limits[name] = Number(value)
  }
  return limits
}

function isLimit(name: string): name is keyof Limits {
  return name in NO_LIMITS
}

function format({ count, bytes, byteHardLimit, countHardLimit }: Limits): string {
  const soft = `count=${count},bytes=${bytes}`
  return `${soft}=;byteHardLimit=${byteHardLimit};countHardLimit=${countHardLimit}`
}

async function read(client: ZooKeeperClient, path: string): Promise<Buffer | null | undefined> {
  const found = await client.get(path).catch(ignoreMissing)
  return found?.data
}

/** The one limit that the line gives. */
function givenLimit(line: ParsedLine): Partial<Limits> {
  for (const [letter, name, what] of LETTERS) {
    const text = line.values.get(letter)
    if (text === undefined) continue
    const value = Number(text)
    const most = what === 'num' ? 0x7fff_ffff : Number.MAX_SAFE_INTEGER
    if (!/^[+-]?\d+$/.test(text) || value > most) {
      throw new ShellUsageError('NumberFormatException happens when parsing the option value')
    }
    if (what === 'num' && value <= 0) {
      throw new ShellUsageError('the num quota must be greater than zero')
    }
    if (value < 0) {
      throw new ShellUsageError('the bytes quota must be greater than or equal to zero')
    }
    return { [name]: value }
  }
  return {}
}

async function setQuota(
  client: ZooKeeperClient,
  line: ParsedLine,
  output: ShellOutput,
): Promise<void> {
  const given = givenLimit(line)
  const path = pathOf(line)
  if ((await client.exists(path)) === undefined) {
    throw new ShellUsageError(`${path} does not exist.`)
  }
  if (path.startsWith(ROOT)) {
    throw new ShellUsageError(`cannot set a quota under the path: ${ROOT}`)
  }
  await refuseNested(client, path)
  const before = await read(client, limitsOf(path))
  const limits = { ...parse(before ?? null), ...given }
  if (before === undefined) await createLimits(client, path, limits)
  else await client.set(limitsOf(path), Buffer.from(format(limits)))
  warnOfExcess(limits, parse((await read(client, statsOf(path))) ?? null), output)
}

async function createLimits(client: ZooKeeperClient, path: string, limits: Limits): Promise<void> {
  await client.createRecursive(ROOT + path)
  await client.create(limitsOf(path), Buffer.from(format(limits)))
  await client.create(statsOf(path), Buffer.from('count=0,bytes=0'))
}

function warnOfExcess(limits: Limits, used: Limits, output: ShellOutput): void {
  const exceeds = (limit: number, existing: number): boolean => limit > -1 && limit < existing
  const { count, bytes } = used
  if (exceeds(limits.count, count) || exceeds(limits.countHardLimit, count)) {
    const what = 'the count quota you create is less than the existing count'
    output.out(`[Warning]: ${what}:${count}`)
  }
  if (exceeds(limits.bytes, bytes) || exceeds(limits.byteHardLimit, bytes)) {
    const what = 'the bytes quota you create is less than the existing bytes'
    output.out(`[Warning]: ${what}:${bytes}`)
  }
}

async function refuseNested(client: ZooKeeperClient, path: string): Promise<void> {
  const below = await limitedBelow(client, path)
  if (below !== undefined) {
    throw new ShellUsageError(`${path} has a child ${below} which has a quota`)
  }
  for (let at = parentOf(path); at !== undefined && at !== '/'; at = parentOf(at)) {
    if ((await client.exists(limitsOf(at))) === undefined) continue
    throw new ShellUsageError(`${path} has a parent ${at} which has a quota`)
  }
}

async function limitedBelow(client: ZooKeeperClient, path: string): Promise<string | undefined> {
  const names = (await client.children(ROOT + path).catch(ignoreMissing)) ?? []
  for (const name of names.filter((one) => !one.startsWith('zookeeper_'))) {
    const child = joinPath(path, name)
    if ((await client.exists(limitsOf(child))) !== undefined) return child
    const found = await limitedBelow(client, child)
    if (found !== undefined) return found
  }
  return undefined
}

async function listQuota(
  client: ZooKeeperClient,
  line: ParsedLine,
  output: ShellOutput,
): Promise<void> {
  const path = line.args[0] ?? ''
  output.err(`absolute path is ${limitsOf(path)}`)
  const fault = pathFault(limitsOf(path))
  if (fault !== undefined) throw new ShellUsageError(fault)
  const limits = await read(client, limitsOf(path))
  if (limits === undefined) {
    output.err(`quota for ${path} does not exist.`)
    return
  }
  output.out(`Output quota for ${path} ${format(parse(limits))}`)
  const { count, bytes } = parse((await read(client, statsOf(path))) ?? null)
  output.out(`Output stat for ${path} count=${count},bytes=${bytes}`)
}

async function deleteQuota(
  client: ZooKeeperClient,
  line: ParsedLine,
  output: ShellOutput,
): Promise<void> {
  const path = line.args[0] ?? ''
  const fault = path.startsWith('/') ? pathFault(limitsOf(path)) : undefined
  if (fault !== undefined) throw new ShellUsageError(fault)
  const before = path.startsWith('/') ? await read(client, limitsOf(path)) : undefined
  if (before === undefined) return output.out(`Quota does not exist for ${path}`)
  const [, name] = LETTERS.find(([letter]) => line.flags.has(letter)) ?? []
  if (name !== undefined) {
    const limits = { ...parse(before), [name]: -1 }
    await client.set(limitsOf(path), Buffer.from(format(limits)))
    return
  }
  await client.delete(limitsOf(path))
  await client.delete(statsOf(path)).catch(ignoreMissing)
  await removeEmpty(client, path)
}

/** The nodes that led to the limits go too, as far as nothing else is below them. */
async function removeEmpty(client: ZooKeeperClient, path: string): Promise<void> {
  for (
    let at: string | undefined = ROOT + path;
    at !== undefined && at !== ROOT;
    at = parentOf(at)
  ) {
    if ((await client.children(at)).length > 0) return
    await client.delete(at)
  }
}
