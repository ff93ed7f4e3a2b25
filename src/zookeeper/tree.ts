// The znode tree with its sessions: what `apply` makes of decided transactions, and nothing else.
// Live and in replay it is the only mutator. Replay may meet transactions whose effect a snapshot
// of ZooKeeper's (taken while it went on writing) already holds, so that applying one again, or to
// a node that a later one removed, leaves what the later ones expect.
import { AclTable, OPEN_ACL_ID } from './acl-table.ts'
import { joinPath, nameOf, parentOf } from './paths.ts'
import { OpCode, OPEN_ACL, READ_ACL } from './protocol.ts'
import { Quotas } from './quotas.ts'
import type { Acl, Stat } from './protocol.ts'
import type { CreateTxn, Entry, NodeTxn } from './transactions.ts'

export interface ZNode {
  data: Buffer | null
  aclId: number
  czxid: number
  mzxid: number
  pzxid: number
  ctime: number
  mtime: number
  version: number
  /** Creates among the children; clients see changes: twice this minus the children there are. */
  cversion: number
  aversion: number
  ephemeralOwner: bigint
  children: Set<string> | undefined
}

export interface Change {
  readonly type: 'created' | 'deleted' | 'dataChanged'
  readonly path: string
  /** Who may hear of it: of the node, and of the node above when its children have changed. */
  readonly acl: readonly Acl[]
  readonly parentAcl: readonly Acl[]
}

/** What one operation of an entry did, for its reply. */
export type Outcome =
  | { readonly kind: 'created'; readonly path: string; readonly stat: Stat }
  | { readonly kind: 'changed'; readonly stat: Stat }
  | { readonly kind: 'done' }
  | { readonly kind: 'error'; readonly code: number }

/** `ephemeralOwner` of a container, and the mark in that of a node with a time to live. */
const CONTAINER_OWNER = -(1n << 63n)
const TTL_MARK = 0xffn << 56n
const TTL_MASK = 0xff_ffff_ffffn

export type OwnerKind = 'none' | 'session' | 'container' | 'ttl'

export function ownerKind(owner: bigint, extendedTypes: boolean): OwnerKind {
  if (owner === 0n) return 'none'
  if (owner === CONTAINER_OWNER) return 'container'
  if (extendedTypes && (BigInt.asUintN(64, owner) & TTL_MARK) === TTL_MARK) return 'ttl'
  return 'session'
}

const NO_BYTES = Buffer.alloc(0)

export class Tree {
  readonly nodes = new Map<string, ZNode>()
  readonly acls = new AclTable()
  /** Session timeouts in milliseconds. */
  readonly sessions = new Map<bigint, number>()
  readonly ephemerals = new Map<bigint, Set<string>>()
  readonly containers = new Set<string>()
  readonly ttls = new Set<string>()
  readonly quotas = new Quotas(this.nodes)
  readonly extendedTypes: boolean
  lastZxid = 0
  /** Told of each node of a transaction that is about to change or go. */
  beforeChange: ((path: string, node: ZNode) => void) | undefined
  /** Bytes of paths and data. */
  approximateBytes = 0

  constructor(options: { extendedTypes?: boolean } = {}) {
    this.extendedTypes = options.extendedTypes ?? false
  }

  /** A tree as ZooKeeper has it before the first transaction. */
  static initial(options: { extendedTypes?: boolean } = {}): Tree {
    const tree = new Tree(options)
    for (const path of ['/', '/zookeeper', '/zookeeper/quota']) tree.put(path, blankNode())
    tree.addConfigNode()
    return tree
  }

  /** `/zookeeper/config`, which snapshots of before 3.5 lack. */
  addConfigNode(): void {
    if (this.nodes.has('/zookeeper/config') || !this.nodes.has('/zookeeper')) return
    const node = blankNode()
    node.aclId = this.acls.use(READ_ACL)
    node.aversion = -1
    this.put('/zookeeper/config', node)
  }

  /** Links a node under its parent, which must be there. Its ACL counts as used already. */
  put(path: string, node: ZNode): void {
    const parentPath = parentOf(path)
    if (parentPath !== undefined) {
      const parent = this.nodes.get(parentPath)
      if (parent === undefined) throw new Error(`${path} has no parent`)
      parent.children ??= new Set()
      parent.children.add(nameOf(path))
    }
    this.nodes.set(path, node)
    this.approximateBytes += path.length + (node.data?.length ?? 0)
    this.#noteOwner(path, node.ephemeralOwner)
    this.quotas.note(path, true)
  }

  stat(node: ZNode): Stat {
    const numChildren = node.children?.size ?? 0
    const owned = ownerKind(node.ephemeralOwner, this.extendedTypes) === 'session'
    return {
      czxid: node.czxid,
      mzxid: node.mzxid,
      ctime: node.ctime,
      mtime: node.mtime,
      version: node.version,
      cversion: (node.cversion * 2 - numChildren) | 0,
      aversion: node.aversion,
      ephemeralOwner: owned ? node.ephemeralOwner : 0n,
      dataLength: node.data?.length ?? 0,
      numChildren,
      pzxid: node.pzxid,
    }
  }

  aclOf(node: ZNode): readonly Acl[] {
    return this.acls.get(node.aclId)
  }

  /** Applies a decided entry; returns one outcome per operation, and adds to `changes`. */
  apply(entry: Entry, changes: Change[]): Outcome[] {
    const { txn } = entry
    this.lastZxid = Math.max(this.lastZxid, entry.zxid)
    switch (txn.kind) {
      case 'multi':
        if (txn.txns.some((op) => op.kind === 'error')) return refusedMulti(txn.txns)
        return txn.txns.map((op) => this.#applyNode(op, entry, changes))
      case 'createSession':
        this.sessions.set(entry.sessionId, txn.timeoutMs)
        return [{ kind: 'done' }]
      case 'closeSession':
        this.#closeSession(entry, txn.paths, changes)
        return [{ kind: 'done' }]
      default:
        return [this.#applyNode(txn, entry, changes)]
    }
  }

  #applyNode(txn: NodeTxn, entry: Entry, changes: Change[]): Outcome {
    switch (txn.kind) {
      case 'create':
        return this.#create(txn, entry, changes)
      case 'delete':
        this.#delete(txn.path, entry.zxid, changes)
        return { kind: 'done' }
      case 'setData':
        return this.#setData(txn, entry, changes)
      case 'setAcl':
        return this.#setAcl(txn)
      case 'check':
        return { kind: 'done' }
      case 'error':
        return { kind: 'error', code: txn.code }
    }
  }

  #create(txn: CreateTxn, entry: Entry, changes: Change[]): Outcome {
    const { path } = txn
    const parentPath = parentOf(path) ?? ''
    const parent = this.nodes.get(parentPath)
    if (parent === undefined) return { kind: 'done' }
    this.beforeChange?.(parentPath, parent)
    const cversion = txn.parentCversion === -1 ? parent.cversion + 1 : txn.parentCversion
    if (cversion > parent.cversion) {
      parent.cversion = cversion
      parent.pzxid = entry.zxid
    }
    const existing = this.nodes.get(path)
    if (existing !== undefined) return { kind: 'created', path, stat: this.stat(existing) }
    const node: ZNode = {
      data: txn.data,
      aclId: this.acls.use(txn.acl.length === 0 ? OPEN_ACL : txn.acl),
      czxid: entry.zxid,
      mzxid: entry.zxid,
      pzxid: entry.zxid,
      ctime: entry.timeMs,
      mtime: entry.timeMs,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: ownerOf(txn, entry.sessionId),
      children: undefined,
    }
    this.put(path, node)
    this.quotas.add(path, 1, node.data?.length ?? 0)
    changes.push({ type: 'created', path, acl: this.aclOf(node), parentAcl: this.aclOf(parent) })
    return { kind: 'created', path, stat: this.stat(node) }
  }

  #delete(path: string, zxid: number, changes: Change[]): void {
    const parentPath = parentOf(path) ?? ''
    const parent = this.nodes.get(parentPath)
    if (parent !== undefined) {
      this.beforeChange?.(parentPath, parent)
      parent.children?.delete(nameOf(path))
      if (parent.children?.size === 0) parent.children = undefined
      parent.pzxid = Math.max(parent.pzxid, zxid)
    }
    const node = this.nodes.get(path)
    if (node === undefined) return
    this.beforeChange?.(path, node)
    this.nodes.delete(path)
    const acl = this.aclOf(node)
    this.acls.release(node.aclId)
    this.approximateBytes -= path.length + (node.data?.length ?? 0)
    this.#forgetOwner(path, node.ephemeralOwner)
    this.quotas.note(path, false)
    this.quotas.add(path, -1, -(node.data?.length ?? 0))
    const parentAcl = parent === undefined ? [] : this.aclOf(parent)
    changes.push({ type: 'deleted', path, acl, parentAcl })
  }

  #setData(
    txn: { path: string; data: Buffer | null; version: number },
    entry: Entry,
    changes: Change[],
  ): Outcome {
    const node = this.nodes.get(txn.path)
    if (node === undefined) return { kind: 'done' }
    this.beforeChange?.(txn.path, node)
    const grownBytes = (txn.data?.length ?? 0) - (node.data?.length ?? 0)
    this.approximateBytes += grownBytes
    this.quotas.add(txn.path, 0, grownBytes)
    node.data = txn.data
    node.version = txn.version
    node.mtime = entry.timeMs
    node.mzxid = entry.zxid
    changes.push({ type: 'dataChanged', path: txn.path, acl: this.aclOf(node), parentAcl: [] })
    return { kind: 'changed', stat: this.stat(node) }
  }

  #setAcl(txn: { path: string; acl: readonly Acl[]; version: number }): Outcome {
    const node = this.nodes.get(txn.path)
    if (node === undefined) return { kind: 'done' }
    this.beforeChange?.(txn.path, node)
    const aclId = this.acls.use(txn.acl)
    this.acls.release(node.aclId)
    node.aclId = aclId
    node.aversion = txn.version
    return { kind: 'changed', stat: this.stat(node) }
  }

  /** Closing a session a second time, in replay, finds nothing left to do. */
  #closeSession(entry: Entry, listed: readonly string[] | undefined, changes: Change[]): void {
    const owned = this.ephemerals.get(entry.sessionId)
    this.sessions.delete(entry.sessionId)
    for (const path of listed ?? []) {
      // A later session may have made the node again before the snapshot was written.
      if (owned?.has(path) === true) this.#delete(path, entry.zxid, changes)
    }
    for (const path of owned ?? []) this.#delete(path, entry.zxid, changes)
  }

  #noteOwner(path: string, owner: bigint): void {
    switch (ownerKind(owner, this.extendedTypes)) {
      case 'container':
        this.containers.add(path)
        break
      case 'ttl':
        this.ttls.add(path)
        break
      case 'session': {
        const owned = this.ephemerals.get(owner)
        if (owned === undefined) this.ephemerals.set(owner, new Set([path]))
        else owned.add(path)
        break
      }
      case 'none':
    }
  }

  #forgetOwner(path: string, owner: bigint): void {
    if (owner === 0n) return
    this.containers.delete(path)
    this.ttls.delete(path)
    const owned = this.ephemerals.get(owner)
    owned?.delete(path)
    if (owned?.size === 0) this.ephemerals.delete(owner)
  }

  /** How many nodes lie below, at any depth. */
  countBelow(path: string): number {
    const open = [path]
    let count = -1
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      count++
      for (const name of this.nodes.get(next)?.children ?? []) open.push(joinPath(next, name))
    }
    return count
  }

  /** Containers that have been used and emptied, and nodes past their time to live. */
  reapable(nowMs: number): string[] {
    const paths: string[] = []
    for (const path of this.containers) {
      const node = this.nodes.get(path)
      if (node !== undefined && node.children === undefined && node.cversion > 0) paths.push(path)
    }
    for (const path of this.ttls) {
      const node = this.nodes.get(path)
      if (node === undefined || node.children !== undefined) continue
      if (nowMs - node.mtime > Number(node.ephemeralOwner & TTL_MASK)) paths.push(path)
    }
    return paths
  }
}

function ownerOf(txn: CreateTxn, sessionId: bigint): bigint {
  if (txn.opCode === OpCode.createContainer) return CONTAINER_OWNER
  if (txn.opCode === OpCode.createTtl) {
    return BigInt.asIntN(64, TTL_MARK | BigInt(txn.ttlMs))
  }
  return txn.ephemeral ? sessionId : 0n
}

function blankNode(): ZNode {
  return {
    data: NO_BYTES,
    aclId: OPEN_ACL_ID,
    czxid: 0,
    mzxid: 0,
    pzxid: 0,
    ctime: 0,
    mtime: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwner: 0n,
    children: undefined,
  }
}

/** Nothing of a refused multi happened: OK before the failed operation, its error, then -2. */
function refusedMulti(txns: readonly NodeTxn[]): Outcome[] {
  return txns.map((txn) => ({ kind: 'error', code: txn.kind === 'error' ? txn.code : 0 }))
}
