// Where one batch or message ends and the next begins, in bytes that nobody has checked.
import { CURRENT_MAGIC, LOG_OVERHEAD, magic } from './batch.ts'

/** Least bytes after the length of a message of magic 0. */
const MIN_MESSAGE_BYTES = 14

/**
 * The end of the batch or message (of any magic) at `position`, -1 if it is not complete, or what
 * makes it unreadable, in Kafka's words.
 */
export function nextBatch(records: Buffer, position: number): number | string {
  if (position + LOG_OVERHEAD > records.length) return -1
  const size = records.readInt32BE(position + 8)
  if (size < MIN_MESSAGE_BYTES) {
    return `Record size ${size} is less than the minimum record overhead (${MIN_MESSAGE_BYTES})`
  }
  if (position + 17 > records.length) return -1
  const version = magic(records, position)
  if (version < 0 || version > CURRENT_MAGIC) return `Invalid magic found in record: ${version}`
  const end = position + LOG_OVERHEAD + size
  return end > records.length ? -1 : end
}
