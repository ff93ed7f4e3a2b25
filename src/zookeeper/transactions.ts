// What the transaction log records: one entry per change, as ZooKeeper 3.8 writes it (TxnHeader
// followed by the transaction's record). An entry is already decided; applying it cannot fail.
import { JuteError, JuteReader } from './jute.ts'
import type { JuteWriter } from './jute.ts'
import { OpCode, readAcls, writeAcls } from './protocol.ts'
import type { Acl } from './protocol.ts'

export type CreateOpCode = 1 | 15 | 19 | 21

export interface CreateTxn {
  readonly kind: 'create'
  readonly opCode: CreateOpCode
  readonly path: string
  readonly data: Buffer | null
  readonly acl: readonly Acl[]
  readonly ephemeral: boolean
  /** The parent's count of creates after this one; -1 from logs before 3.4. */
  readonly parentCversion: number
  readonly ttlMs: number
}

export type NodeTxn =
  | CreateTxn
  | { readonly kind: 'delete'; readonly path: string; readonly container: boolean }
  | {
      readonly kind: 'setData'
      readonly path: string
      readonly data: Buffer | null
      readonly version: number
    }
  | {
      readonly kind: 'setAcl'
      readonly path: string
      readonly acl: readonly Acl[]
      readonly version: number
    }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }
  | { readonly kind: 'error'; readonly code: number }

export type Txn =
  | NodeTxn
  | { readonly kind: 'multi'; readonly txns: readonly NodeTxn[] }
  | { readonly kind: 'createSession'; readonly timeoutMs: number }
  | {
      readonly kind: 'closeSession'
      /** Undefined: all that the session owns, without a list of them. */
      readonly paths: readonly string[] | undefined
    }

export interface Entry {
  readonly sessionId: bigint
  readonly cxid: number
  readonly zxid: number
  readonly timeMs: number
  readonly txn: Txn
}

function opCodeOf(txn: Txn): number {
  switch (txn.kind) {
    case 'create':
      return txn.opCode
    case 'delete':
      return txn.container ? OpCode.deleteContainer : OpCode.delete
    default:
      return OpCode[txn.kind]
  }
}

export function writeEntry(writer: JuteWriter, entry: Entry): void {
  writer.int64(entry.sessionId).int32(entry.cxid).long(entry.zxid).long(entry.timeMs)
  writer.int32(opCodeOf(entry.txn))
  writeTxn(writer, entry.txn)
}

function writeTxn(writer: JuteWriter, txn: Txn): void {
  switch (txn.kind) {
    case 'create':
      return writeCreate(writer, txn)
    case 'delete':
      writer.string(txn.path)
      return
    case 'setData':
      writer.string(txn.path).bytes(txn.data).int32(txn.version)
      return
    case 'setAcl':
      writeAcls(writer.string(txn.path), txn.acl)
      writer.int32(txn.version)
      return
    case 'check':
      writer.string(txn.path).int32(txn.version)
      return
    case 'error':
      writer.int32(txn.code)
      return
    case 'multi':
      writer.vector(txn.txns, writeSubTxn)
      return
    case 'createSession':
      writer.int32(txn.timeoutMs)
      return
    case 'closeSession':
      if (txn.paths !== undefined) writer.strings(txn.paths)
  }
}

function writeSubTxn(writer: JuteWriter, txn: NodeTxn): void {
  writer.int32(opCodeOf(txn))
  const length = writer.gap()
  const start = writer.position
  writeTxn(writer, txn)
  writer.patchInt32(length, writer.position - start)
}

function writeCreate(writer: JuteWriter, txn: CreateTxn): void {
  writer.string(txn.path).bytes(txn.data)
  writeAcls(writer, txn.acl)
  if (txn.opCode === OpCode.createContainer) {
    writer.int32(txn.parentCversion)
  } else if (txn.opCode === OpCode.createTtl) {
    writer.int32(txn.parentCversion).long(txn.ttlMs)
  } else {
    writer.bool(txn.ephemeral).int32(txn.parentCversion)
  }
}

/** Reads one entry; what follows it (ZooKeeper's digest of the tree) is left unread. */
export function readEntry(reader: JuteReader): Entry {
  const sessionId = reader.int64()
  const cxid = reader.int32()
  const zxid = reader.long()
  const timeMs = reader.long()
  const opCode = reader.int32()
  return { sessionId, cxid, zxid, timeMs, txn: readTxn(reader, opCode) }
}

function readTxn(reader: JuteReader, opCode: number): Txn {
  switch (opCode) {
    case OpCode.multi:
      return { kind: 'multi', txns: reader.vector(8, readSubTxn) }
    case OpCode.createSession:
      return { kind: 'createSession', timeoutMs: reader.int32() }
    case OpCode.closeSession:
      // Before 3.6 there was no list, and no digest either: nothing follows the header.
      return { kind: 'closeSession', paths: reader.remaining === 0 ? undefined : reader.strings() }
    default:
      return readNodeTxn(reader, opCode)
  }
}

function readSubTxn(reader: JuteReader): NodeTxn {
  const opCode = reader.int32()
  const bytes = reader.bytes() ?? Buffer.alloc(0)
  return readNodeTxn(new JuteReader(bytes), opCode)
}

function readNodeTxn(reader: JuteReader, opCode: number): NodeTxn {
  switch (opCode) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      return readCreate(reader, opCode)
    case OpCode.delete:
    case OpCode.deleteContainer:
      return { kind: 'delete', path: reader.text(), container: opCode !== OpCode.delete }
    case OpCode.setData:
      return {
        kind: 'setData',
        path: reader.text(),
        data: ownBytes(reader),
        version: reader.int32(),
      }
    case OpCode.reconfig:
      // An ensemble's reconfiguration is logged as the new content of the config node.
      return {
        kind: 'setData',
        path: reader.text(),
        data: ownBytes(reader),
        version: reader.int32(),
      }
    case OpCode.setAcl:
      return { kind: 'setAcl', path: reader.text(), acl: readAcls(reader), version: reader.int32() }
    case OpCode.check:
      return { kind: 'check', path: reader.text(), version: reader.int32() }
    case OpCode.error:
      return { kind: 'error', code: reader.int32() }
    default:
      throw new JuteError(`unknown transaction type ${opCode}`)
  }
}

function readCreate(reader: JuteReader, opCode: CreateOpCode): CreateTxn {
  const path = reader.text()
  const data = ownBytes(reader)
  const acl = readAcls(reader)
  const special = opCode === OpCode.createContainer || opCode === OpCode.createTtl
  const ephemeral = special ? false : reader.bool()
  const parentCversion = reader.remaining >= 4 ? reader.int32() : -1
  const ttlMs = opCode === OpCode.createTtl ? reader.long() : 0
  return { kind: 'create', opCode, path, data, acl, ephemeral, parentCversion, ttlMs }
}

/** A copy, so that a node does not keep the whole log or frame that it came from. */
export function ownBytes(reader: JuteReader): Buffer | null {
  const bytes = reader.bytes()
  return bytes === null ? null : Buffer.from(bytes)
}
