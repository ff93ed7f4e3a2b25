// Reads a partition to its end, over a raw connection.
import { Fetch } from '../../src/wire/messages/01-fetch.ts'
import { readRecords } from '../../src/wire/records/read-records.ts'
import * as batch from '../../src/wire/records/batch.ts'
import { Wire, type Address } from './wire.ts'

export interface ReadRecord {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
}

/** Every record of a partition, in the order of offsets. */
export async function readBack(
  address: Address,
  topic: string,
  partition: number,
  from = 0,
): Promise<ReadRecord[]> {
  using wire = await Wire.open(address)
  const found: ReadRecord[] = []
  for (let fetchOffset = from; ;) {
    const { responses } = await wire.ask(Fetch, 12, {
      maxWaitMs: 100,
      minBytes: 0,
      topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 8 << 20 }] }],
      forgottenTopicsData: [],
    })
    const [answer] = responses[0]?.partitions ?? []
    if (answer === undefined || answer.errorCode !== 0) {
      throw new Error(`${topic}-${partition} at ${fetchOffset}: error ${answer?.errorCode}`)
    }
    const { records } = answer
    const bytes = records === null ? Buffer.alloc(0) : Buffer.concat([records].flat())
    let p = 0
    for (; batch.isComplete(bytes, p); p += batch.sizeInBytes(bytes, p)) {
      fetchOffset = batch.lastOffset(bytes, p) + 1
      for (const { offset, key, value } of readRecords(bytes, p)) {
        found.push({ offset, key: key?.toString() ?? null, value: value?.toString() ?? null })
      }
    }
    if (p === 0) return found
  }
}
