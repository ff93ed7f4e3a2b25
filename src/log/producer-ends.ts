// Where each producer's last batch ends, as compaction needs it: packed, so that another thread can
// share it. Three numbers a producer: its id, its epoch, the last offset (-1: it has no records).
import * as batch from '../wire/records/batch.ts'

const FIELDS = 3

export interface ProducerEnd {
  readonly producerId: number
  readonly epoch: number
  readonly lastOffset: number
}

export function packProducerEnds(count: number, ends: Iterable<ProducerEnd>): Float64Array {
  const packed = new Float64Array(new SharedArrayBuffer(count * FIELDS * 8))
  let at = 0
  for (const { producerId, epoch, lastOffset } of ends) {
    packed[at] = producerId
    packed[at + 1] = epoch
    packed[at + 2] = lastOffset
    at += FIELDS
  }
  return packed
}

export class ProducerEnds {
  readonly #packed: Float64Array
  readonly #places = new Map<number, number>()

  constructor(packed: Float64Array) {
    this.#packed = packed
    for (let at = 0; at < packed.length; at += FIELDS) this.#places.set(packed[at] ?? -1, at)
  }

  /** Whether the batch at `p` is the last of a producer that may come back. */
  isLast(b: Buffer, p: number): boolean {
    const at = this.#places.get(batch.producerId(b, p))
    if (at === undefined) return false
    const lastOffset = this.#packed[at + 2] ?? -1
    if (lastOffset >= 0) return lastOffset === batch.lastOffset(b, p)
    return batch.isControl(b, p) && this.#packed[at + 1] === batch.producerEpoch(b, p)
  }
}
