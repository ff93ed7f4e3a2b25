// Client requests that change the tree or read it, decoded from their frames. Which fields come in
// which order is `zookeeper.jute`'s.
import { JuteError, JuteReader } from './jute.ts'
import { OpCode, readAcls } from './protocol.ts'
import type { Acl } from './protocol.ts'
import { ownBytes } from './transactions.ts'

export interface CreateRequest {
  readonly kind: 'create'
  readonly opCode: number
  readonly path: string
  readonly data: Buffer | null
  readonly acl: readonly Acl[]
  readonly flags: number
  /** -1 where the request has none. */
  readonly ttlMs: number
}

export type NodeRequest =
  | CreateRequest
  | {
      readonly kind: 'delete'
      readonly path: string
      readonly version: number
      /** Set by the server itself when it reaps containers and outlived nodes. */
      readonly container: boolean
    }
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

/** The request of a frame, or of one operation in a multi. */
export function readNodeRequest(reader: JuteReader, opCode: number): NodeRequest {
  switch (opCode) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTtl:
      return readCreate(reader, opCode)
    case OpCode.delete:
      return {
        kind: 'delete',
        path: reader.text(),
        version: reader.int32(),
        container: false,
      }
    case OpCode.setData:
      return {
        kind: 'setData',
        path: reader.text(),
        data: ownBytes(reader),
        version: reader.int32(),
      }
    case OpCode.setAcl:
      return {
        kind: 'setAcl',
        path: reader.text(),
        acl: readAcls(reader),
        version: reader.int32(),
      }
    case OpCode.check:
      return { kind: 'check', path: reader.text(), version: reader.int32() }
    default:
      throw new JuteError(`operation ${opCode} changes nothing`)
  }
}

function readCreate(reader: JuteReader, opCode: number): CreateRequest {
  return {
    kind: 'create',
    opCode,
    path: reader.text(),
    data: ownBytes(reader),
    acl: readAcls(reader),
    flags: reader.int32(),
    ttlMs: opCode === OpCode.createTtl ? reader.long() : -1,
  }
}

export interface MultiItem<T> {
  readonly opCode: number
  readonly request: T
}

const MULTI_OPS: ReadonlySet<number> = new Set([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTtl,
  OpCode.delete,
  OpCode.setData,
  OpCode.check,
])

export function readMulti(reader: JuteReader): MultiItem<NodeRequest>[] {
  return readItems(reader, (opCode) => {
    if (!MULTI_OPS.has(opCode)) throw new JuteError(`operation ${opCode} in a multi`)
    return readNodeRequest(reader, opCode)
  })
}

/** Reads of a multiRead: getData (4) and getChildren (8). */
export function readMultiRead(reader: JuteReader): MultiItem<string>[] {
  return readItems(reader, (opCode) => {
    if (opCode !== OpCode.getData && opCode !== OpCode.getChildren) {
      throw new JuteError(`operation ${opCode} in a multiRead`)
    }
    const path = reader.text()
    reader.bool()
    return path
  })
}

function readItems<T>(reader: JuteReader, read: (opCode: number) => T): MultiItem<T>[] {
  const items: MultiItem<T>[] = []
  for (;;) {
    const opCode = reader.int32()
    const done = reader.bool()
    reader.int32()
    if (done) return items
    items.push({ opCode, request: read(opCode) })
  }
}

/** What a connection says first. */
export interface ConnectRequest {
  readonly lastZxidSeen: number
  readonly timeoutMs: number
  readonly sessionId: bigint
  readonly password: Buffer
  readonly readOnly: boolean
  /** Clients before 3.4 leave the flag out, and get none back. */
  readonly hasReadOnlyFlag: boolean
}

export function readConnectRequest(frame: Buffer): ConnectRequest {
  const reader = new JuteReader(frame)
  reader.int32()
  const lastZxidSeen = reader.long()
  const timeoutMs = reader.int32()
  const sessionId = reader.int64()
  const password = reader.bytes() ?? Buffer.alloc(0)
  const hasReadOnlyFlag = reader.remaining > 0
  const readOnly = hasReadOnlyFlag && reader.bool()
  return { lastZxidSeen, timeoutMs, sessionId, password, readOnly, hasReadOnlyFlag }
}
