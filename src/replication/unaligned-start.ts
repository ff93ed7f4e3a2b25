// A log may start inside a batch: DeleteRecords gives an offset, and batches go as a whole. A replica
// that begins there gets the batch from its first record on, so its log has to begin there too, and
// its log start follows the leader's afterwards (KAFKA-6975).
import type { Log } from '../log/log.ts'
import * as batch from '../wire/records/batch.ts'

/** Where the empty log has to begin to take the records; undefined: it can take them, or must not. */
export function startBefore(log: Log, records: Buffer): number | undefined {
  const { nextOffset } = log
  if (nextOffset !== log.logStartOffset || !batch.isComplete(records, 0)) return undefined
  if (batch.magic(records, 0) !== batch.CURRENT_MAGIC) return undefined
  const first = batch.baseOffset(records, 0)
  const holdsNext = first < nextOffset && first + batch.lastOffsetDelta(records, 0) >= nextOffset
  return holdsNext ? first : undefined
}
