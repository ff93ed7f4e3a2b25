// ZooKeeper's client protocol (3.8): operation codes, special xids, and the records that requests
// and replies share. Numbers are those of `zookeeper.jute` and `ZooDefs`.
import type { JuteReader, JuteWriter } from './jute.ts'

export const OpCode = {
  notification: 0,
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getAcl: 6,
  setAcl: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTtl: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  createSession: -10,
  closeSession: -11,
  error: -1,
} as const

export const Xid = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const

export const EventType = {
  none: -1,
  created: 1,
  deleted: 2,
  dataChanged: 3,
  childrenChanged: 4,
} as const

/** The state field of every event of a connected session. */
export const STATE_SYNC_CONNECTED = 3

export const Perm = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const

export interface Acl {
  /** Bits of `Perm`. */
  readonly perms: number
  readonly scheme: string
  readonly id: string
}

export const OPEN_ACL: readonly Acl[] = [{ perms: Perm.all, scheme: 'world', id: 'anyone' }]
export const READ_ACL: readonly Acl[] = [{ perms: Perm.read, scheme: 'world', id: 'anyone' }]
/** Everything for whoever creates the node; the server puts in the connection's identities. */
export const CREATOR_ALL_ACL: readonly Acl[] = [{ perms: Perm.all, scheme: 'auth', id: '' }]

/** What a node tells about itself. Zxids are numbers, sessions bigints. */
export interface Stat {
  czxid: number
  mzxid: number
  ctime: number
  mtime: number
  version: number
  cversion: number
  aversion: number
  /** The owning session, 0n of a persistent node. */
  ephemeralOwner: bigint
  dataLength: number
  numChildren: number
  pzxid: number
}

export function readStat(reader: JuteReader): Stat {
  return {
    czxid: reader.long(),
    mzxid: reader.long(),
    ctime: reader.long(),
    mtime: reader.long(),
    version: reader.int32(),
    cversion: reader.int32(),
    aversion: reader.int32(),
    ephemeralOwner: reader.int64(),
    dataLength: reader.int32(),
    numChildren: reader.int32(),
    pzxid: reader.long(),
  }
}

export function writeStat(writer: JuteWriter, stat: Stat): void {
  writer
    .long(stat.czxid)
    .long(stat.mzxid)
    .long(stat.ctime)
    .long(stat.mtime)
    .int32(stat.version)
    .int32(stat.cversion)
    .int32(stat.aversion)
    .int64(stat.ephemeralOwner)
    .int32(stat.dataLength)
    .int32(stat.numChildren)
    .long(stat.pzxid)
}

export function readAcls(reader: JuteReader): Acl[] {
  return reader.vector(12, (element) => ({
    perms: element.int32(),
    scheme: element.text(),
    id: element.text(),
  }))
}

export function writeAcls(writer: JuteWriter, acls: readonly Acl[]): void {
  writer.vector(acls, (element, acl) => element.int32(acl.perms).string(acl.scheme).string(acl.id))
}
