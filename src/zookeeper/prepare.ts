// Decides what a request that changes the tree becomes: a transaction, or an error code. Reads
// only. A multi is decided operation by operation against the tree as the operations before it
// would leave it.
import { allows, resolveAcl } from './access.ts'
import type { Identity } from './access.ts'
import { ZooKeeperCode } from './errors.ts'
import { parentOf, pathFault, SPECIAL_PATHS } from './paths.ts'
import { OpCode, Perm } from './protocol.ts'
import type { Acl } from './protocol.ts'
import type { CreateRequest, NodeRequest } from './requests.ts'
import type { CreateOpCode, NodeTxn } from './transactions.ts'
import { ownerKind } from './tree.ts'
import type { Tree } from './tree.ts'

/** What decisions depend on, of one node. */
interface NodeRecord {
  readonly acl: readonly Acl[]
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  readonly childCount: number
  readonly ownedBySession: boolean
  readonly isContainer: boolean
}

const MAX_TTL_MS = 0xff_ffff_ffff

/** The tree as it will be after the transactions already decided. */
export class PendingTree {
  readonly #tree: Tree
  readonly #pending = new Map<string, NodeRecord | undefined>()

  readonly #enforceQuota: boolean

  constructor(tree: Tree, options: { enforceQuota: boolean }) {
    this.#tree = tree
    this.#enforceQuota = options.enforceQuota
  }

  /** As ZooKeeper, without what the same multi has used up before. */
  quotaAllows(path: string, nodes: number, data: Buffer | null): boolean {
    if (!this.#enforceQuota) return true
    const before = this.#tree.nodes.get(path)?.data?.length ?? 0
    return this.#tree.quotas.leaveRoom(path, nodes, (data?.length ?? 0) - before)
  }

  get extendedTypes(): boolean {
    return this.#tree.extendedTypes
  }

  get(path: string): NodeRecord | undefined {
    if (this.#pending.size > 0 && this.#pending.has(path)) return this.#pending.get(path)
    const node = this.#tree.nodes.get(path)
    if (node === undefined) return undefined
    const owner = ownerKind(node.ephemeralOwner, this.#tree.extendedTypes)
    return {
      acl: this.#tree.aclOf(node),
      version: node.version,
      cversion: node.cversion,
      aversion: node.aversion,
      childCount: node.children?.size ?? 0,
      ownedBySession: owner === 'session',
      isContainer: owner === 'container' || owner === 'ttl',
    }
  }

  note(txn: NodeTxn): void {
    switch (txn.kind) {
      case 'create':
        this.#change(parentOf(txn.path), (parent) => ({
          childCount: parent.childCount + 1,
          cversion: txn.parentCversion,
        }))
        this.#pending.set(txn.path, recordOf(txn))
        break
      case 'delete':
        this.#change(parentOf(txn.path), (parent) => ({ childCount: parent.childCount - 1 }))
        this.#pending.set(txn.path, undefined)
        break
      case 'setData':
        this.#change(txn.path, () => ({ version: txn.version }))
        break
      case 'setAcl':
        this.#change(txn.path, () => ({ acl: txn.acl, aversion: txn.version }))
        break
      case 'check':
      case 'error':
    }
  }

  #change(path: string | undefined, changed: (record: NodeRecord) => Partial<NodeRecord>): void {
    const record = path === undefined ? undefined : this.get(path)
    if (path === undefined || record === undefined) return
    this.#pending.set(path, { ...record, ...changed(record) })
  }
}

function recordOf(txn: NodeTxn & { kind: 'create' }): NodeRecord {
  return {
    acl: txn.acl,
    version: 0,
    cversion: 0,
    aversion: 0,
    childCount: 0,
    ownedBySession: txn.ephemeral,
    isContainer: txn.opCode === OpCode.createContainer || txn.opCode === OpCode.createTtl,
  }
}

/** The transaction that does what was asked, or the code that refuses it. */
export function prepare(
  tree: PendingTree,
  request: NodeRequest,
  identities: readonly Identity[],
): NodeTxn | number {
  switch (request.kind) {
    case 'create':
      return prepareCreate(tree, request, identities)
    case 'delete':
      return prepareDelete(tree, request, identities)
    case 'setData':
      return prepareSetData(tree, request, identities)
    case 'setAcl':
      return prepareSetAcl(tree, request, identities)
    case 'check':
      return prepareCheck(tree, request, identities)
  }
}

interface CreateMode {
  readonly opCode: CreateOpCode
  readonly ephemeral: boolean
  readonly sequential: boolean
}

function createMode(request: CreateRequest): CreateMode | undefined {
  const plain: CreateOpCode = request.opCode === OpCode.create ? OpCode.create : OpCode.create2
  const modes: readonly CreateMode[] = [
    { opCode: plain, ephemeral: false, sequential: false },
    { opCode: plain, ephemeral: true, sequential: false },
    { opCode: plain, ephemeral: false, sequential: true },
    { opCode: plain, ephemeral: true, sequential: true },
    { opCode: OpCode.createContainer, ephemeral: false, sequential: false },
    { opCode: OpCode.createTtl, ephemeral: false, sequential: false },
    { opCode: OpCode.createTtl, ephemeral: false, sequential: true },
  ]
  return modes[request.flags]
}

function prepareCreate(
  tree: PendingTree,
  request: CreateRequest,
  identities: readonly Identity[],
): NodeTxn | number {
  const mode = createMode(request)
  if (mode === undefined) return ZooKeeperCode.BADARGUMENTS
  const isTtl = mode.opCode === OpCode.createTtl
  if (isTtl && !tree.extendedTypes) return ZooKeeperCode.UNIMPLEMENTED
  if (isTtl ? request.ttlMs <= 0 || request.ttlMs > MAX_TTL_MS : request.ttlMs >= 0) {
    return ZooKeeperCode.BADARGUMENTS
  }
  const parentPath = parentOf(request.path)
  if (parentPath === undefined || request.path.includes('\0')) return ZooKeeperCode.BADARGUMENTS
  const acl = resolveAcl(request.acl, identities)
  if (typeof acl === 'number') return acl
  const parent = tree.get(parentPath)
  if (parent === undefined) return ZooKeeperCode.NONODE
  if (!allows(parent.acl, Perm.create, identities)) return ZooKeeperCode.NOAUTH
  const path = mode.sequential ? request.path + sequence(parent.cversion) : request.path
  if (pathFault(path) !== undefined) return ZooKeeperCode.BADARGUMENTS
  if (tree.get(path) !== undefined) return ZooKeeperCode.NODEEXISTS
  if (parent.ownedBySession) return ZooKeeperCode.NOCHILDRENFOREPHEMERALS
  if (!tree.quotaAllows(path, 1, request.data)) return ZooKeeperCode.QUOTAEXCEEDED
  return {
    kind: 'create',
    opCode: mode.opCode,
    path,
    data: request.data,
    acl,
    ephemeral: mode.ephemeral,
    parentCversion: (parent.cversion + 1) | 0,
    ttlMs: Math.max(0, request.ttlMs),
  }
}

/** Ten digits, as Java's `%010d` prints them: the sign of an overflown counter counts as one. */
function sequence(cversion: number): string {
  return cversion < 0
    ? `-${String(-cversion).padStart(9, '0')}`
    : String(cversion).padStart(10, '0')
}

function prepareDelete(
  tree: PendingTree,
  request: NodeRequest & { kind: 'delete' },
  identities: readonly Identity[],
): NodeTxn | number {
  const { path, version, container } = request
  const parentPath = parentOf(path)
  if (parentPath === undefined || path.includes('\0') || SPECIAL_PATHS.has(path)) {
    return ZooKeeperCode.BADARGUMENTS
  }
  const parent = tree.get(parentPath)
  const node = tree.get(path)
  if (parent === undefined || node === undefined) return ZooKeeperCode.NONODE
  if (!container && !allows(parent.acl, Perm.delete, identities)) return ZooKeeperCode.NOAUTH
  if (container && !node.isContainer) return ZooKeeperCode.BADVERSION
  if (version !== -1 && version !== node.version) return ZooKeeperCode.BADVERSION
  if (node.childCount > 0) return ZooKeeperCode.NOTEMPTY
  return { kind: 'delete', path, container }
}

function prepareSetData(
  tree: PendingTree,
  request: NodeRequest & { kind: 'setData' },
  identities: readonly Identity[],
): NodeTxn | number {
  const { path, data, version } = request
  if (pathFault(path) !== undefined) return ZooKeeperCode.BADARGUMENTS
  const node = tree.get(path)
  if (node === undefined) return ZooKeeperCode.NONODE
  if (!allows(node.acl, Perm.write, identities)) return ZooKeeperCode.NOAUTH
  if (!tree.quotaAllows(path, 0, data)) return ZooKeeperCode.QUOTAEXCEEDED
  if (version !== -1 && version !== node.version) return ZooKeeperCode.BADVERSION
  return { kind: 'setData', path, data, version: (node.version + 1) | 0 }
}

function prepareSetAcl(
  tree: PendingTree,
  request: NodeRequest & { kind: 'setAcl' },
  identities: readonly Identity[],
): NodeTxn | number {
  const { path, version } = request
  if (pathFault(path) !== undefined) return ZooKeeperCode.BADARGUMENTS
  const acl = resolveAcl(request.acl, identities)
  if (typeof acl === 'number') return acl
  const node = tree.get(path)
  if (node === undefined) return ZooKeeperCode.NONODE
  if (!allows(node.acl, Perm.admin, identities)) return ZooKeeperCode.NOAUTH
  if (version !== -1 && version !== node.aversion) return ZooKeeperCode.BADVERSION
  return { kind: 'setAcl', path, acl, version: (node.aversion + 1) | 0 }
}

function prepareCheck(
  tree: PendingTree,
  request: NodeRequest & { kind: 'check' },
  identities: readonly Identity[],
): NodeTxn | number {
  const { path, version } = request
  if (pathFault(path) !== undefined) return ZooKeeperCode.BADARGUMENTS
  const node = tree.get(path)
  if (node === undefined) return ZooKeeperCode.NONODE
  if (!allows(node.acl, Perm.read, identities)) return ZooKeeperCode.NOAUTH
  if (version !== -1 && version !== node.version) return ZooKeeperCode.BADVERSION
  return { kind: 'check', path, version: (node.version + 1) | 0 }
}
