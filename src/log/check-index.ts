// Whether a file beside a log file agrees with it: what is wrong, and at which byte.
import { crc32c } from '../wire/records/crc32c.ts'
import * as batch from '../wire/records/batch.ts'
import { newestTimestampOf } from './batch-scan.ts'
import { readEntry } from './dump-log.ts'
import type { FileReader } from './dump-log.ts'
import { OFFSET_ENTRY_BYTES, OffsetIndex } from './offset-index.ts'
import { decodeSnapshot } from './producer-snapshot.ts'
import { lastOffsetOf } from './tail-cache.ts'
import { TIME_ENTRY_BYTES, TimeIndex } from './time-index.ts'
import { decodeAborted, TRANSACTION_ENTRY_BYTES } from './transaction-index.ts'

export interface FileProblem {
  readonly byte: number
  readonly problem: string
  /** A start, or the first who uses the file, finds it too, and makes the file anew. */
  readonly isFound: boolean
}

const SNAPSHOT_CRC_BYTE = 2
const SNAPSHOT_CRC_START = 6

/** What the walk through a log file has found: the batches, by their positions. */
export interface WalkedBatch {
  readonly position: number
  readonly lastOffset: number
  readonly newestTimestamp: number
}

/** All whole batches of a log file. */
export function walkedBatches(log: FileReader): WalkedBatch[] {
  const batches: WalkedBatch[] = []
  for (let position = 0; position < log.sizeBytes;) {
    const bytes = readEntry(log, position)
    if (bytes === undefined) break
    const lastOffset = lastOffsetOf(bytes, 0)
    batches.push({ position, lastOffset, newestTimestamp: newestTimestampOf(bytes, 0) })
    position += batch.sizeInBytes(bytes, 0)
  }
  return batches
}

export function offsetIndexProblem(
  bytes: Buffer,
  base: number,
  batches: readonly WalkedBatch[],
  logBytes: number,
): FileProblem | undefined {
  const malformed = decodeProblem(bytes, OFFSET_ENTRY_BYTES, (part) =>
    OffsetIndex.decode(part, base, logBytes),
  )
  if (malformed !== undefined) {
    const entry = bytes.subarray(malformed.byte, malformed.byte + OFFSET_ENTRY_BYTES)
    const isBeyond = entry.length === OFFSET_ENTRY_BYTES && entry.readInt32BE(4) >= logBytes
    const problem = `points beyond the end of its log file, which has ${logBytes} bytes`
    return isBeyond ? { ...malformed, problem } : malformed
  }
  const index = OffsetIndex.decode(bytes, base, logBytes)
  const endOfBatches = batches.at(-1)?.position ?? 0
  const positions = new Map(batches.map(({ position }, at) => [position, at]))
  for (let entry = 0; entry < (index?.count ?? 0); entry += 1) {
    const at = positions.get(index?.positionAt(entry) ?? -1)
    const found = at === undefined ? undefined : batches[at]
    const offset = index?.offsetAt(entry) ?? 0
    const byte = entry * OFFSET_ENTRY_BYTES
    if (found === undefined) {
      const isPastEnd = (index?.positionAt(entry) ?? 0) >= endOfBatches
      return { byte, problem: 'points to a byte where no batch begins', isFound: !isPastEnd }
    }
    // Several batches that were appended together have one entry, for the last offset of all.
    const next = index !== undefined && entry + 1 < index.count ? index.positionAt(entry + 1) : -1
    const end = next < 0 ? batches.length : (positions.get(next) ?? batches.length)
    const last = batches[end - 1]?.lastOffset ?? found.lastOffset
    if (offset < found.lastOffset || offset > last) {
      return { byte, problem: `says offset ${offset} where ${found.lastOffset} is`, isFound: false }
    }
  }
  return undefined
}

export function timeIndexProblem(
  bytes: Buffer,
  base: number,
  batches: readonly WalkedBatch[],
): FileProblem | undefined {
  const malformed = decodeProblem(bytes, TIME_ENTRY_BYTES, (part) => TimeIndex.decode(part, base))
  if (malformed !== undefined) return malformed
  const index = TimeIndex.decode(bytes, base)
  let at = 0
  for (let entry = 0; entry < (index?.count ?? 0); entry += 1) {
    const { timestamp = -1, offset = -1 } = index?.entryAt(entry) ?? {}
    while (at < batches.length && (batches[at]?.lastOffset ?? 0) < offset) at += 1
    const inLog = batches[at]?.newestTimestamp
    if (inLog === timestamp) continue
    const said = `says ${timestamp} for offset ${offset}`
    const problem = inLog === undefined ? `${said}, which is not there` : `${said}, not ${inLog}`
    return { byte: entry * TIME_ENTRY_BYTES, problem, isFound: false }
  }
  return undefined
}

export function transactionIndexProblem(bytes: Buffer, base: number): FileProblem | undefined {
  return decodeProblem(bytes, TRANSACTION_ENTRY_BYTES, (part) => decodeAborted(part, base))
}

export function snapshotProblem(bytes: Buffer): FileProblem | undefined {
  if (decodeSnapshot(bytes) !== undefined) return undefined
  const isShort = bytes.length < SNAPSHOT_CRC_START
  const crc = isShort ? 0 : bytes.readUInt32BE(SNAPSHOT_CRC_BYTE)
  const isFlipped = !isShort && crc !== crc32c(bytes, SNAPSHOT_CRC_START)
  const problem = isFlipped ? 'does not match its checksum' : 'is no snapshot of producers'
  return { byte: isFlipped ? SNAPSHOT_CRC_BYTE : 0, problem, isFound: true }
}

/** The first entry with which the file can no longer be decoded. */
function decodeProblem(
  bytes: Buffer,
  entryBytes: number,
  decode: (part: Buffer) => unknown,
): FileProblem | undefined {
  if (decode(bytes) !== undefined) return undefined
  const whole = bytes.length - (bytes.length % entryBytes)
  let [low, high] = [0, whole / entryBytes]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (decode(bytes.subarray(0, middle * entryBytes)) === undefined) high = middle - 1
    else low = middle
  }
  const byte = low * entryBytes
  const problem = byte === whole ? 'ends in the middle of an entry' : 'has an entry out of order'
  return { byte, problem, isFound: true }
}
