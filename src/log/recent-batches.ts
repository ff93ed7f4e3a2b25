// A snapshot keeps one batch of each producer, and five are needed to recognise retries. After a
// clean stop the others are read from the end of the log, as far as that is cheap.
import * as batch from '../wire/records/batch.ts'
import { scanBatches } from './batch-scan.ts'
import { ProducerEntry } from './producer-entry.ts'
import type { ProducerStates } from './producer-state.ts'
import type { Segment } from './segment.ts'

const SCANNED_BYTES = 1024 * 1024

export async function recallBatches(active: Segment, producers: ProducerStates): Promise<void> {
  if (producers.size === 0 || active.sizeBytes === 0) return
  const { offset } = active.index.load(active.sizeBytes)
  let from = 0
  for (let entry = offset.count - 1; entry >= 0; entry -= 1) {
    from = offset.positionAt(entry)
    if (active.sizeBytes - from >= SCANNED_BYTES) break
    if (entry === 0) from = active.sizeBytes <= SCANNED_BYTES ? 0 : from
  }
  const seen = new Map<number, ProducerEntry>()
  const range = { from, to: active.readableBytes, verify: false }
  await scanBatches(active.log, range, (b, p) => note(seen, b, p))
  for (const entry of seen.values()) producers.recall(entry)
}

function note(seen: Map<number, ProducerEntry>, b: Buffer, p: number): void {
  if (batch.magic(b, p) !== batch.CURRENT_MAGIC || !batch.hasProducerId(b, p)) return
  if (batch.isControl(b, p)) return
  const producerId = batch.producerId(b, p)
  let entry = seen.get(producerId)
  if (entry === undefined) {
    entry = new ProducerEntry(producerId)
    seen.set(producerId, entry)
  }
  entry.enterEpoch(batch.producerEpoch(b, p))
  entry.remember({
    firstSequence: batch.baseSequence(b, p),
    lastSequence: batch.lastSequence(b, p),
    firstOffset: batch.baseOffset(b, p),
    lastOffset: batch.lastOffset(b, p),
    timestamp: batch.maxTimestamp(b, p),
  })
}
