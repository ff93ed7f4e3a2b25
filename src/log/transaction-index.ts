// The aborted transactions whose marker lies in a segment, in the order of their markers:
// {version int16 = 0, producerId int64, firstOffset int64, lastOffset int64, lastStableOffset
// int64}. `lastStableOffset` is what it was right after the marker: every transaction that a later
// entry describes and that reaches below it has been seen.
import { readInt64, writeInt64 } from '../wire/records/int64.ts'

export const TRANSACTION_ENTRY_BYTES = 34
const VERSION = 0

export interface AbortedEntry {
  readonly producerId: number
  readonly firstOffset: number
  /** Of the abort marker. */
  readonly lastOffset: number
  readonly lastStableOffset: number
}

export function encodeAborted(entries: readonly AbortedEntry[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.length * TRANSACTION_ENTRY_BYTES)
  for (const [index, entry] of entries.entries()) {
    const position = index * TRANSACTION_ENTRY_BYTES
    bytes.writeInt16BE(VERSION, position)
    writeInt64(bytes, position + 2, entry.producerId)
    writeInt64(bytes, position + 10, entry.firstOffset)
    writeInt64(bytes, position + 18, entry.lastOffset)
    writeInt64(bytes, position + 26, entry.lastStableOffset)
  }
  return bytes
}

/** Undefined for what is no index of a segment that begins at `baseOffset`. */
export function decodeAborted(bytes: Buffer, baseOffset: number): AbortedEntry[] | undefined {
  if (bytes.length % TRANSACTION_ENTRY_BYTES !== 0) return undefined
  const entries: AbortedEntry[] = []
  for (let position = 0; position < bytes.length; position += TRANSACTION_ENTRY_BYTES) {
    if (bytes.readInt16BE(position) < VERSION) return undefined
    const entry = {
      producerId: readInt64(bytes, position + 2),
      firstOffset: readInt64(bytes, position + 10),
      lastOffset: readInt64(bytes, position + 18),
      lastStableOffset: readInt64(bytes, position + 26),
    }
    const inOrder = entry.lastOffset > (entries.at(-1)?.lastOffset ?? -1)
    if (!inOrder || entry.lastOffset < baseOffset || entry.firstOffset > entry.lastOffset) {
      return undefined
    }
    entries.push(entry)
  }
  return entries
}

/**
 * Adds to `found` the transactions that overlap [fromOffset, upperOffset). True when later
 * segments cannot hold another one.
 */
export function collectAborted(
  entries: readonly AbortedEntry[],
  fromOffset: number,
  upperOffset: number,
  found: AbortedEntry[],
): boolean {
  for (const entry of entries) {
    if (entry.lastOffset >= fromOffset && entry.firstOffset < upperOffset) found.push(entry)
    if (entry.lastStableOffset >= upperOffset) return true
  }
  return false
}
