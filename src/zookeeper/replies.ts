// Frames that the server sends: replies to changes, events, and the answer to a connect request.
import { JuteWriter } from './jute.ts'
import { OpCode, STATE_SYNC_CONNECTED, writeStat, Xid } from './protocol.ts'
import type { MultiItem, NodeRequest } from './requests.ts'
import type { Outcome } from './tree.ts'

/** length:int32 xid:int32 zxid:int64 err:int32 */
const HEADER_BYTES = 20
const ERROR_AT = 16

/** A reply being written: the header first, whose length and error are filled in at the end. */
export function beginReply(xid: number, zxid: number): JuteWriter {
  return new JuteWriter().int32(0).int32(xid).long(zxid).int32(0)
}

export function finishReply(writer: JuteWriter, code: number): Buffer {
  if (code !== 0) writer.rewind(HEADER_BYTES)
  writer.patchInt32(0, writer.position - 4)
  writer.patchInt32(ERROR_AT, code)
  return writer.finish()
}

export function eventFrame(type: number, path: string): Buffer {
  const writer = beginReply(Xid.notification, -1)
  writer.int32(type).int32(STATE_SYNC_CONNECTED).string(path)
  return finishReply(writer, 0)
}

/** The body of the reply to a change that was made. */
export function writeOutcome(writer: JuteWriter, opCode: number, outcome: Outcome): void {
  if (outcome.kind === 'created') {
    writer.string(outcome.path)
    if (opCode !== OpCode.create) writeStat(writer, outcome.stat)
  } else if (outcome.kind === 'changed') {
    writeStat(writer, outcome.stat)
  }
}

/** Container and TTL nodes come back as create2, as from ZooKeeper. */
function resultType(opCode: number): number {
  return opCode === OpCode.createContainer || opCode === OpCode.createTtl ? OpCode.create2 : opCode
}

export function writeMultiOutcomes(
  writer: JuteWriter,
  items: readonly MultiItem<NodeRequest>[],
  outcomes: readonly Outcome[],
): void {
  for (const [index, outcome] of outcomes.entries()) {
    const opCode = items[index]?.opCode ?? OpCode.error
    writer.int32(resultType(opCode)).bool(false).int32(0)
    writeOutcome(writer, opCode, outcome)
  }
  writer.int32(-1).bool(true).int32(-1)
}

export function writeMultiCodes(writer: JuteWriter, codes: readonly number[]): void {
  for (const code of codes) writer.int32(OpCode.error).bool(false).int32(code).int32(code)
  writer.int32(-1).bool(true).int32(-1)
}

export interface ConnectAnswer {
  /** 0 tells the client that its session has expired. */
  readonly timeoutMs: number
  readonly sessionId: bigint
  readonly password: Buffer
  readonly withReadOnlyFlag: boolean
}

export function connectFrame(answer: ConnectAnswer): Buffer {
  const writer = new JuteWriter(64).int32(0).int32(0).int32(answer.timeoutMs)
  writer.int64(answer.sessionId).bytes(answer.password)
  if (answer.withReadOnlyFlag) writer.bool(false)
  writer.patchInt32(0, writer.position - 4)
  return writer.finish()
}
