// How the shell writes stats and access lists, and reads access lists.
import { Perm } from './protocol.ts'
import type { Acl, Stat } from './protocol.ts'

const PERMISSION_LETTERS = [
  ['c', Perm.create],
  ['d', Perm.delete],
  ['r', Perm.read],
  ['w', Perm.write],
  ['a', Perm.admin],
] as const

export function formatStat(stat: Stat): string[] {
  return [
    `cZxid = ${hex(stat.czxid)}`,
    `ctime = ${javaDate(stat.ctime)}`,
    `mZxid = ${hex(stat.mzxid)}`,
    `mtime = ${javaDate(stat.mtime)}`,
    `pZxid = ${hex(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${hex(BigInt.asUintN(64, stat.ephemeralOwner))}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ]
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`
}

/** As Java's `Date.toString`: `Tue Nov 24 10:35:35 UTC 2026`, in local time. */
export function javaDate(timeMs: number): string {
  const date = new Date(timeMs)
  const [weekday, month, day, year, time] = date.toString().split(' ')
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(date)
    .find((part) => part.type === 'timeZoneName')
  return `${weekday} ${month} ${day} ${time} ${zone?.value ?? 'UTC'} ${year}`
}

export function formatAcl(acl: Acl): string[] {
  const letters = PERMISSION_LETTERS.filter(([, bit]) => (acl.perms & bit) !== 0)
  return [`'${acl.scheme},'${acl.id}`, `: ${letters.map(([letter]) => letter).join('')}`]
}

/** `scheme:id:perms`, separated by commas; the id may hold colons. What is none is told and left out. */
export function parseAcl(text: string, tell: (fault: string) => void): Acl[] {
  return text.split(',').flatMap((entry) => {
    const first = entry.indexOf(':')
    const last = entry.lastIndexOf(':')
    if (first < 0 || first === last) {
      tell(`${entry} does not have the form scheme:id:perm`)
      return []
    }
    const perms = parsePermissions(entry.slice(last + 1), tell)
    return [{ scheme: entry.slice(0, first), id: entry.slice(first + 1, last), perms }]
  })
}

function parsePermissions(text: string, tell: (fault: string) => void): number {
  let perms = 0
  for (const letter of text) {
    const known = PERMISSION_LETTERS.find(([name]) => name === letter)
    if (known === undefined) tell(`Unknown perm type: ${letter}`)
    else perms |= known[1]
  }
  return perms
}
