// Multi requests of the client: their operations encoded, their results decoded.
import { JuteError, JuteWriter } from './jute.ts'
import type { JuteReader } from './jute.ts'
import { OpCode, readStat, writeAcls } from './protocol.ts'
import type { Acl, Stat } from './protocol.ts'

export type MultiOp =
  | {
      readonly kind: 'create'
      readonly path: string
      readonly data: Buffer | null
      readonly ephemeral?: boolean | undefined
      readonly sequential?: boolean | undefined
      readonly acl?: readonly Acl[] | undefined
    }
  | { readonly kind: 'delete'; readonly path: string; readonly version?: number | undefined }
  | {
      readonly kind: 'set'
      readonly path: string
      readonly data: Buffer | null
      readonly version?: number | undefined
    }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }

/** One per operation. After a failure: code 0 before the failed one, its code, -2 after it. */
export type MultiResult =
  | { readonly kind: 'create'; readonly path: string; readonly stat: Stat }
  | { readonly kind: 'delete' }
  | { readonly kind: 'set'; readonly stat: Stat }
  | { readonly kind: 'check' }
  | { readonly kind: 'error'; readonly code: number }

const OP_CODES = {
  create: OpCode.create2,
  delete: OpCode.delete,
  set: OpCode.setData,
  check: OpCode.check,
} as const

export function multiBody(
  ops: readonly MultiOp[],
  absolute: (path: string) => string,
  aclOf: (path: string) => readonly Acl[],
): Buffer {
  const writer = new JuteWriter(64 + ops.length * 128)
  for (const op of ops) {
    writer.int32(OP_CODES[op.kind]).bool(false).int32(-1)
    writeOp(writer.string(absolute(op.path)), op, aclOf)
  }
  return writer.int32(-1).bool(true).int32(-1).finish()
}

function writeOp(writer: JuteWriter, op: MultiOp, aclOf: (path: string) => readonly Acl[]): void {
  switch (op.kind) {
    case 'create':
      writeAcls(writer.bytes(op.data), op.acl ?? aclOf(op.path))
      writer.int32((op.ephemeral === true ? 1 : 0) + (op.sequential === true ? 2 : 0))
      break
    case 'set':
      writer.bytes(op.data).int32(op.version ?? -1)
      break
    case 'delete':
    case 'check':
      writer.int32(op.version ?? -1)
  }
}

export function readMultiResults(
  reader: JuteReader,
  ops: readonly MultiOp[],
  relative: (path: string) => string,
): MultiResult[] {
  const results: MultiResult[] = []
  for (;;) {
    const opCode = reader.int32()
    const done = reader.bool()
    reader.int32()
    if (done) break
    results.push(readResult(reader, opCode, relative))
  }
  if (results.length !== ops.length) {
    throw new JuteError(`${results.length} results of ${ops.length} operations`)
  }
  return results
}

function readResult(
  reader: JuteReader,
  opCode: number,
  relative: (path: string) => string,
): MultiResult {
  switch (opCode) {
    case OpCode.create2:
      return { kind: 'create', path: relative(reader.text()), stat: readStat(reader) }
    case OpCode.delete:
      return { kind: 'delete' }
    case OpCode.setData:
      return { kind: 'set', stat: readStat(reader) }
    case OpCode.check:
      return { kind: 'check' }
    case OpCode.error:
      return { kind: 'error', code: reader.int32() }
    default:
      throw new JuteError(`a result of operation ${opCode}`)
  }
}
