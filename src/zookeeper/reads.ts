// Requests that read: each writes its reply's body, or returns the code that refuses it. Watches
// asked for are set here, at the same moment as the answer is formed, so that nothing falls between.
import { allows, maskAcl } from './access.ts'
import type { Identity } from './access.ts'
import { ZooKeeperCode } from './errors.ts'
import type { JuteReader, JuteWriter } from './jute.ts'
import { EventType, OpCode, Perm, writeAcls, writeStat } from './protocol.ts'
import { readMultiRead } from './requests.ts'
import type { Tree, ZNode } from './tree.ts'
import { WatchMode } from './watches.ts'
import type { Fire, WatchKind, WatchTable } from './watches.ts'

export interface ReadContext<Watcher> {
  readonly tree: Tree
  readonly watches: WatchTable<Watcher>
  readonly watcher: Watcher
  readonly sessionId: bigint
  readonly identities: readonly Identity[]
  /** Sends an event for a change that a reconnecting client missed. */
  readonly tell: Fire<Watcher>
}

type Answer = <W>(context: ReadContext<W>, reader: JuteReader, writer: JuteWriter) => number

/** The answer to a read, undefined for operations that are none. */
export function readerOf(opCode: number): Answer | undefined {
  return ANSWERS.get(opCode)
}

const ANSWERS: ReadonlyMap<number, Answer> = new Map<number, Answer>([
  [OpCode.exists, exists],
  [OpCode.getData, getData],
  [OpCode.getAcl, getAcl],
  [OpCode.getChildren, (context, reader, writer) => getChildren(context, reader, writer, false)],
  [OpCode.getChildren2, (context, reader, writer) => getChildren(context, reader, writer, true)],
  [OpCode.sync, sync],
  [OpCode.check, check],
  [OpCode.multiRead, multiRead],
  [OpCode.getEphemerals, getEphemerals],
  [OpCode.getAllChildrenNumber, getAllChildrenNumber],
  [OpCode.whoAmI, whoAmI],
  [OpCode.addWatch, addWatch],
  [OpCode.checkWatches, (context, reader) => checkWatches(context, reader, false)],
  [OpCode.removeWatches, (context, reader) => checkWatches(context, reader, true)],
  [OpCode.setWatches, (context, reader) => setWatches(context, reader, false)],
  [OpCode.setWatches2, (context, reader) => setWatches(context, reader, true)],
  [OpCode.reconfig, () => ZooKeeperCode.RECONFIGDISABLED],
])

function readable<W>(context: ReadContext<W>, path: string): ZNode | number {
  if (path.includes('\0')) return ZooKeeperCode.BADARGUMENTS
  const node = context.tree.nodes.get(path)
  if (node === undefined) return ZooKeeperCode.NONODE
  const allowed = allows(context.tree.aclOf(node), Perm.read, context.identities)
  return allowed ? node : ZooKeeperCode.NOAUTH
}

function exists<W>(context: ReadContext<W>, reader: JuteReader, writer: JuteWriter): number {
  const path = reader.text()
  const watch = reader.bool()
  if (path.includes('\0')) return ZooKeeperCode.BADARGUMENTS
  if (watch) context.watches.data.add(path, context.watcher, WatchMode.once)
  const node = context.tree.nodes.get(path)
  if (node === undefined) return ZooKeeperCode.NONODE
  writeStat(writer, context.tree.stat(node))
  return ZooKeeperCode.OK
}

function getData<W>(context: ReadContext<W>, reader: JuteReader, writer: JuteWriter): number {
  const path = reader.text()
  const watch = reader.bool()
  const node = readable(context, path)
  if (typeof node === 'number') return node
  if (watch) context.watches.data.add(path, context.watcher, WatchMode.once)
  writer.bytes(node.data)
  writeStat(writer, context.tree.stat(node))
  return ZooKeeperCode.OK
}

function getChildren<W>(
  context: ReadContext<W>,
  reader: JuteReader,
  writer: JuteWriter,
  withStat: boolean,
): number {
  const path = reader.text()
  const watch = reader.bool()
  const node = readable(context, path)
  if (typeof node === 'number') return node
  if (watch) context.watches.children.add(path, context.watcher, WatchMode.once)
  writeChildren(writer, node)
  if (withStat) writeStat(writer, context.tree.stat(node))
  return ZooKeeperCode.OK
}

function writeChildren(writer: JuteWriter, node: ZNode): void {
  writer.int32(node.children?.size ?? 0)
  for (const name of node.children ?? []) writer.string(name)
}

function getAcl<W>(context: ReadContext<W>, reader: JuteReader, writer: JuteWriter): number {
  const path = reader.text()
  const node = context.tree.nodes.get(path)
  if (node === undefined) return ZooKeeperCode.NONODE
  const acl = context.tree.aclOf(node)
  if (!allows(acl, Perm.read | Perm.admin, context.identities)) return ZooKeeperCode.NOAUTH
  writeAcls(writer, maskAcl(acl, context.identities))
  writeStat(writer, context.tree.stat(node))
  return ZooKeeperCode.OK
}

/** Everything that was asked before has been done by the time the reply leaves. */
function sync<W>(_context: ReadContext<W>, reader: JuteReader, writer: JuteWriter): number {
  writer.string(reader.text())
  return ZooKeeperCode.OK
}

function check<W>(context: ReadContext<W>, reader: JuteReader): number {
  const node = readable(context, reader.text())
  if (typeof node === 'number') return node
  const version = reader.int32()
  return version === -1 || version === node.version ? ZooKeeperCode.OK : ZooKeeperCode.BADVERSION
}

function multiRead<W>(context: ReadContext<W>, reader: JuteReader, writer: JuteWriter): number {
  for (const { opCode, request: path } of readMultiRead(reader)) {
    const node = readable(context, path)
    if (typeof node === 'number') {
      writer.int32(OpCode.error).bool(false).int32(node).int32(node)
      continue
    }
    writer.int32(opCode).bool(false).int32(ZooKeeperCode.OK)
    if (opCode === OpCode.getChildren) {
      writeChildren(writer, node)
    } else {
      writer.bytes(node.data)
      writeStat(writer, context.tree.stat(node))
    }
  }
  writer.int32(-1).bool(true).int32(-1)
  return ZooKeeperCode.OK
}

function getEphemerals<W>(context: ReadContext<W>, reader: JuteReader, writer: JuteWriter): number {
  const prefix = reader.text()
  const owned = [...(context.tree.ephemerals.get(context.sessionId) ?? [])]
  const all = prefix === '' || prefix === '/'
  writer.strings(all ? owned : owned.filter((path) => path.startsWith(prefix)))
  return ZooKeeperCode.OK
}

function getAllChildrenNumber<W>(
  context: ReadContext<W>,
  reader: JuteReader,
  writer: JuteWriter,
): number {
  const path = reader.text()
  const node = readable(context, path)
  if (typeof node === 'number') return node
  writer.int32(context.tree.countBelow(path))
  return ZooKeeperCode.OK
}

function whoAmI<W>(context: ReadContext<W>, _reader: JuteReader, writer: JuteWriter): number {
  writer.vector(context.identities, (element, { scheme, id }) => {
    element.string(scheme).string(scheme === 'digest' ? (id.split(':', 1)[0] ?? '') : id)
  })
  return ZooKeeperCode.OK
}

function addWatch<W>(context: ReadContext<W>, reader: JuteReader, writer: JuteWriter): number {
  const path = reader.text()
  const mode = reader.int32()
  if (mode !== 0 && mode !== 1) return ZooKeeperCode.BADARGUMENTS
  context.watches.addPersistent(path, context.watcher, mode === 1)
  writer.int32(ZooKeeperCode.OK)
  return ZooKeeperCode.OK
}

function checkWatches<W>(context: ReadContext<W>, reader: JuteReader, remove: boolean): number {
  const path = reader.text()
  const kinds: Record<number, WatchKind> = { 1: 'children', 2: 'data', 3: 'any' }
  const kind = kinds[reader.int32()]
  if (kind === undefined) return ZooKeeperCode.BADARGUMENTS
  const { watches, watcher } = context
  const found = remove ? watches.remove(path, watcher, kind) : watches.has(path, watcher, kind)
  return found ? ZooKeeperCode.OK : ZooKeeperCode.NOWATCHER
}

/** Watches of a client that comes back: set again, or fired when their change has happened meanwhile. */
function setWatches<W>(
  context: ReadContext<W>,
  reader: JuteReader,
  withPersistent: boolean,
): number {
  const { tree, watches, watcher, tell } = context
  const relativeZxid = reader.long()
  for (const path of reader.strings()) {
    const node = tree.nodes.get(path)
    if (node === undefined) tell(watcher, EventType.deleted, path, [])
    else if (node.mzxid > relativeZxid) tell(watcher, EventType.dataChanged, path, tree.aclOf(node))
    else watches.data.add(path, watcher, WatchMode.once)
  }
  for (const path of reader.strings()) {
    const node = tree.nodes.get(path)
    if (node !== undefined) tell(watcher, EventType.created, path, tree.aclOf(node))
    else watches.data.add(path, watcher, WatchMode.once)
  }
  for (const path of reader.strings()) {
    const node = tree.nodes.get(path)
    if (node === undefined) tell(watcher, EventType.deleted, path, [])
    else if (node.pzxid > relativeZxid)
      tell(watcher, EventType.childrenChanged, path, tree.aclOf(node))
    else watches.children.add(path, watcher, WatchMode.once)
  }
  if (!withPersistent) return ZooKeeperCode.OK
  for (const path of reader.strings()) watches.addPersistent(path, watcher, false)
  for (const path of reader.strings()) watches.addPersistent(path, watcher, true)
  return ZooKeeperCode.OK
}
