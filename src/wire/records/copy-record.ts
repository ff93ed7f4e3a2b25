// A record copied from one section to another, without an object for it. Its timestamp delta
// changes, everything else stays.
import type { RecordCursor } from './record-cursor.ts'
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts'

/** Bytes that the record under the cursor takes with another timestamp delta. */
export function copiedSize(cursor: RecordCursor, timestampDelta: number): number {
  const body = bodySize(cursor, timestampDelta)
  return varintSize(body) + body
}

/** Writes the record under the cursor; returns the position after it. */
export function copyRecord(
  cursor: RecordCursor,
  timestampDelta: number,
  target: Buffer,
  position: number,
): number {
  const { buffer } = cursor
  let at = writeVarint(target, position, bodySize(cursor, timestampDelta))
  target[at++] = 0
  at = writeVarlong(target, at, timestampDelta)
  at = writeVarint(target, at, cursor.offsetDelta)
  at = copyBytes(buffer, cursor.keyPosition, cursor.keyLength, target, at)
  at = copyBytes(buffer, cursor.valuePosition, cursor.valueLength, target, at)
  at = writeVarint(target, at, cursor.headerCount)
  return at + buffer.copy(target, at, cursor.headersPosition, cursor.position)
}

function bodySize(cursor: RecordCursor, timestampDelta: number): number {
  return (
    1 +
    varlongSize(timestampDelta) +
    varintSize(cursor.offsetDelta) +
    bytesSize(cursor.keyLength) +
    bytesSize(cursor.valueLength) +
    varintSize(cursor.headerCount) +
    (cursor.position - cursor.headersPosition)
  )
}

function bytesSize(length: number): number {
  return varintSize(length) + Math.max(0, length)
}

function copyBytes(
  source: Buffer,
  from: number,
  length: number,
  target: Buffer,
  position: number,
): number {
  const at = writeVarint(target, position, length)
  return length > 0 ? at + source.copy(target, at, from, from + length) : at
}
