// Snapshots in ZooKeeper's format:
//   "ZKSN" version:int32 dbid:int64
//   sessions: count { id:int64 timeout:int32 }*
//   ACLs: count { id:int64 vector<ACL> }*
//   nodes, parents first: { path ("" is the root) data acl:int64 StatPersisted }* "/"
//   adler32:int64 "/"
// A whole one ends with the string "/" and has the right checksum; anything else is passed over.
import { adler32 } from './adler32.ts'
import { FILE_VERSION, SNAPSHOT_MAGIC } from './data-files.ts'
import { JuteError, JuteReader, JuteWriter } from './jute.ts'
import { readAcls, writeAcls } from './protocol.ts'
import { Tree } from './tree.ts'
import type { ZNode } from './tree.ts'
import { ownBytes } from './transactions.ts'

const SEAL_BYTES = 8 + 5
/** A slice takes a few milliseconds. */
const SLICE_NODES = 2_000
const SLICE_BYTES = 128 * 1024

/** The whole file at once; see `SnapshotSlices` for a tree that is in use. */
export function encodeSnapshot(tree: Tree): Buffer {
  const slices = new SnapshotSlices(tree)
  const parts: Buffer[] = []
  for (let part = slices.next(); part !== undefined; part = slices.next()) parts.push(part)
  return Buffer.concat(parts)
}

/**
 * The file in slices, between which the tree may change: the file holds the tree as it was when
 * this was made. What changes before its turn is kept as it was; what comes later is left out.
 */
export class SnapshotSlices {
  readonly #tree: Tree
  readonly #zxid: number
  readonly #nodes: Iterator<[string, ZNode]>
  /** Changed or gone since, and not yet written. */
  readonly #kept = new Map<string, ZNode>()
  readonly #written = new Set<string>()
  #header: Buffer | undefined
  #checksum = 1
  #isDone = false

  constructor(tree: Tree) {
    this.#tree = tree
    this.#zxid = tree.lastZxid
    this.#nodes = tree.nodes.entries()
    this.#header = encodeHeader(tree)
    tree.beforeChange = (path, node) => this.#keep(path, node)
  }

  /** The next bytes, undefined after the last. A map keeps its order, so parents come first. */
  next(): Buffer | undefined {
    if (this.#isDone) return undefined
    const header = this.#header
    this.#header = undefined
    if (header !== undefined) return this.#summed(header)
    const writer = new JuteWriter(SLICE_BYTES * 2)
    for (let seen = 0; seen < SLICE_NODES && writer.position < SLICE_BYTES; seen++) {
      const { done, value } = this.#nodes.next()
      if (done === true) return this.#finish(writer)
      this.#write(writer, value[0], value[1])
    }
    return this.#summed(writer.finish())
  }

  /** Gives up: the tree changes as it likes again. */
  abandon(): void {
    this.#isDone = true
    this.#tree.beforeChange = undefined
  }

  #keep(path: string, node: ZNode): void {
    if (node.czxid > this.#zxid || this.#written.has(path) || this.#kept.has(path)) return
    this.#kept.set(path, { ...node })
  }

  #write(writer: JuteWriter, path: string, node: ZNode): void {
    if (node.czxid > this.#zxid) return
    const asItWas = this.#kept.get(path) ?? node
    this.#kept.delete(path)
    this.#written.add(path)
    writeNode(writer, path, asItWas)
  }

  /** What has been deleted meanwhile; a parent there had lost its children first. */
  #finish(writer: JuteWriter): Buffer {
    const depth = (path: string): number => path.split('/').length
    const gone = [...this.#kept].toSorted(([left], [right]) => depth(left) - depth(right))
    for (const [path, node] of gone) writeNode(writer, path, node)
    writer.string('/')
    this.#summed(writer.written())
    this.abandon()
    return writer.long(this.#checksum).string('/').finish()
  }

  #summed(bytes: Buffer): Buffer {
    this.#checksum = adler32(bytes, 0, bytes.length, this.#checksum)
    return bytes
  }
}

function encodeHeader(tree: Tree): Buffer {
  const writer = new JuteWriter(1024)
  writer.int32(SNAPSHOT_MAGIC).int32(FILE_VERSION).int64(-1n)
  writer.int32(tree.sessions.size)
  for (const [id, timeoutMs] of tree.sessions) writer.int64(id).int32(timeoutMs)
  writer.int32(tree.acls.size)
  for (const [id, acl] of tree.acls.entries()) writeAcls(writer.long(id), acl)
  return writer.finish()
}

function writeNode(writer: JuteWriter, path: string, node: ZNode): void {
  writer.string(path === '/' ? '' : path)
  writer.bytes(node.data).long(node.aclId)
  writer.long(node.czxid).long(node.mzxid).long(node.ctime).long(node.mtime)
  writer.int32(node.version).int32(node.cversion).int32(node.aversion)
  writer.int64(node.ephemeralOwner).long(node.pzxid)
}

/** Throws a JuteError on anything that is not a whole snapshot. `zxid` comes from the file's name. */
export function decodeSnapshot(
  bytes: Buffer,
  zxid: number,
  options: { extendedTypes?: boolean },
): Tree {
  const reader = new JuteReader(bytes)
  if (reader.int32() !== SNAPSHOT_MAGIC || reader.int32() !== FILE_VERSION) {
    throw new JuteError("not a snapshot of ZooKeeper's")
  }
  reader.int64()
  const tree = new Tree(options)
  const sessionCount = reader.int32()
  for (let index = 0; index < sessionCount; index++) {
    tree.sessions.set(reader.int64(), reader.int32())
  }
  const aclCount = reader.int32()
  for (let index = 0; index < aclCount; index++) {
    tree.acls.restore(Number(reader.int64()), readAcls(reader))
  }
  readNodes(reader, tree)
  checkSeal(reader)
  tree.acls.dropUnused()
  tree.addConfigNode()
  tree.quotas.recountAll()
  tree.lastZxid = zxid
  return tree
}

function readNodes(reader: JuteReader, tree: Tree): void {
  for (;;) {
    const path = reader.text()
    if (path === '/') return
    const node = readNode(reader)
    tree.acls.useAgain(node.aclId)
    tree.put(path === '' ? '/' : path, node)
  }
}

function readNode(reader: JuteReader): ZNode {
  const data = ownBytes(reader)
  const aclId = reader.long()
  return {
    data,
    aclId,
    czxid: reader.long(),
    mzxid: reader.long(),
    ctime: reader.long(),
    mtime: reader.long(),
    version: reader.int32(),
    cversion: reader.int32(),
    aversion: reader.int32(),
    ephemeralOwner: reader.int64(),
    pzxid: reader.long(),
    children: undefined,
  }
}

/** Later versions put more sealed parts behind the first (a digest, the last zxid); those are not needed. */
function checkSeal(reader: JuteReader): void {
  const sealedBytes = reader.position
  if (reader.remaining < SEAL_BYTES) throw new JuteError('the snapshot has no end')
  const expected = reader.long()
  if (reader.text() !== '/') throw new JuteError('the snapshot has no end')
  if (expected !== adler32(reader.buffer, 0, sealedBytes)) {
    throw new JuteError('the snapshot fails its checksum')
  }
}
