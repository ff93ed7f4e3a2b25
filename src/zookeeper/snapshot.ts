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

/** The whole file. Synchronous, so that it holds exactly the transactions up to `tree.lastZxid`. */
export function encodeSnapshot(tree: Tree): Buffer {
  const writer = new JuteWriter(tree.approximateBytes + tree.nodes.size * 100 + 1024)
  writer.int32(SNAPSHOT_MAGIC).int32(FILE_VERSION).int64(-1n)
  writer.int32(tree.sessions.size)
  for (const [id, timeoutMs] of tree.sessions) writer.int64(id).int32(timeoutMs)
  writer.int32(tree.acls.size)
  for (const [id, acl] of tree.acls.entries()) writeAcls(writer.long(id), acl)
  writeNodes(writer, tree)
  writer.string('/')
  writer.long(adler32(writer.written()))
  writer.string('/')
  return writer.finish()
}

/** A map keeps the order of insertion, and a node is only ever put in when its parent is there. */
function writeNodes(writer: JuteWriter, tree: Tree): void {
  for (const [path, node] of tree.nodes) {
    writer.string(path === '/' ? '' : path)
    writeNode(writer, node)
  }
}

function writeNode(writer: JuteWriter, node: ZNode): void {
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
