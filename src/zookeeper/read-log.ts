// Reads a transaction log file up to where it ends: at zeros allocated ahead, at the end of the
// file, or at an entry that a crash tore.
import type { Disk } from '../platform/disk.ts'
import { adler32 } from './adler32.ts'
import { FILE_HEADER_BYTES, FILE_VERSION, LOG_MAGIC } from './data-files.ts'
import { JuteReader } from './jute.ts'
import { END_OF_ENTRY } from './transaction-log.ts'
import { readEntry } from './transactions.ts'
import type { Entry } from './transactions.ts'

export interface LogEnd {
  /** Bytes of header and whole entries. */
  readonly validBytes: number
  readonly fileBytes: number
  /** What follows the whole entries: nothing but zeros, or something broken. */
  readonly tail: 'clean' | 'torn'
}

/** Calls back for every whole entry, in order. */
export function readLog(disk: Disk, path: string, onEntry: (entry: Entry) => void): LogEnd {
  const bytes = disk.readFileSync(path)
  const fileBytes = bytes.length
  if (!hasEntries(bytes)) {
    return { validBytes: 0, fileBytes, tail: isZero(bytes, 0) ? 'clean' : 'torn' }
  }
  let validBytes = FILE_HEADER_BYTES
  for (;;) {
    const end = entryEnd(bytes, validBytes)
    if (end === undefined) break
    onEntry(readEntry(new JuteReader(bytes, validBytes + 12, end - 1)))
    validBytes = end
  }
  return { validBytes, fileBytes, tail: isZero(bytes, validBytes) ? 'clean' : 'torn' }
}

/**
 * False when the file's first write never reached the disk: nothing of it was acknowledged. Entries
 * vouch for themselves; behind a header that a crash has torn they count all the same.
 */
function hasEntries(bytes: Buffer): boolean {
  if (bytes.length < FILE_HEADER_BYTES) return false
  const isWhole = bytes.readInt32BE(0) === LOG_MAGIC && bytes.readInt32BE(4) === FILE_VERSION
  return isWhole || entryEnd(bytes, FILE_HEADER_BYTES) !== undefined
}

/** Where the entry at `position` ends, undefined when there is no whole one. */
function entryEnd(bytes: Buffer, position: number): number | undefined {
  if (position + 13 > bytes.length) return undefined
  const length = bytes.readInt32BE(position + 8)
  const start = position + 12
  const end = start + length
  if (length <= 0 || end + 1 > bytes.length || bytes[end] !== END_OF_ENTRY) return undefined
  if (bytes.readUInt32BE(position + 4) !== adler32(bytes, start, end)) return undefined
  return end + 1
}

const ZEROS = Buffer.alloc(64 * 1024)

function isZero(bytes: Buffer, from: number): boolean {
  for (let position = from; position < bytes.length; position += ZEROS.length) {
    const end = Math.min(position + ZEROS.length, bytes.length)
    if (bytes.compare(ZEROS, 0, end - position, position, end) !== 0) return false
  }
  return true
}
