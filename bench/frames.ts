// Requests as bytes, built before the clock starts. Batches of one shape share their payload: only the
// header differs, by partition and by sequence.
import { encodeRequest } from '../src/wire/messages/headers.ts'
import { Produce } from '../src/wire/messages/00-produce.ts'
import { buildBatch } from '../src/wire/records/build-batch.ts'
import { crc32c } from '../src/wire/records/crc32c.ts'
import { RECORD_BATCH_OVERHEAD } from '../src/wire/records/batch.ts'
import type { Compression } from '../src/wire/records/compression.ts'

export const CLIENT_ID = 'bench'
export const PRODUCE_VERSION = 9

const BASE_SEQUENCE = 53
const CRC = 17
const CRC_FROM = 21
const RECORD_COUNT = 57

/** A frame with its size in front. */
export function framed(segments: readonly Buffer[]): Buffer[] {
  const size = Buffer.alloc(4)
  size.writeInt32BE(segments.reduce((sum, segment) => sum + segment.length, 0))
  return [size, ...segments]
}

export interface BatchShape {
  readonly recordBytes: number
  readonly batchBytes: number
  readonly compression: Compression
}

/** Records that compress about as well as real events do. */
function recordValue(bytes: number, index: number): Buffer {
  let text = `{"id":${index},"at":"2026-11-24T10:${String(index % 60).padStart(2, '0')}:00Z","user":"u-${(index * 2654435761) % 1000003}","action":"view","page":"/items/${(index * 40503) % 9973}"`
  while (text.length < bytes - 1)
    text += `,"f${text.length}":${(text.length * 7919 + index) % 100003}`
  return Buffer.from(`${text.slice(0, Math.max(1, bytes - 1))}}`)
}

/** One batch whose records together are about `batchBytes` before compression. */
export function makeBatch(shape: BatchShape, producerId: number): Buffer {
  const count = Math.max(1, Math.floor(shape.batchBytes / (shape.recordBytes + 12)))
  const timestamp = Date.now()
  const records = Array.from({ length: count }, (_, index) => ({
    key: null,
    value: recordValue(shape.recordBytes, index),
    timestamp,
  }))
  return buildBatch({
    records,
    compression: shape.compression,
    producerId,
    producerEpoch: producerId < 0 ? -1 : 0,
    baseSequence: producerId < 0 ? -1 : 0,
  })
}

export interface ProduceFrames {
  /** The next request for the partition, with its size in front. */
  next(partition: number): Buffer[]
  readonly recordsPerRequest: number
  readonly valueBytesPerRequest: number
}

/** Frames of `topic` whose sequences go on with every call when there is a producer id. */
export function produceFrames(
  topic: string,
  partitions: number,
  shape: BatchShape,
  producerId: number,
  acks: number,
): ProduceFrames {
  const batch = makeBatch(shape, producerId)
  const payload = batch.subarray(RECORD_BATCH_OVERHEAD)
  const count = batch.readInt32BE(RECORD_COUNT)
  const sequences = new Array<number>(partitions).fill(0)
  const templates = Array.from({ length: partitions }, (_, index) => {
    const request = encodeRequest(Produce, PRODUCE_VERSION, 0, CLIENT_ID, {
      transactionalId: null,
      acks,
      timeoutMs: 30_000,
      topicData: [{ name: topic, partitionData: [{ index, records: batch }] }],
    })
    const whole = Buffer.concat(framed(request))
    const at = whole.indexOf(batch.subarray(0, RECORD_BATCH_OVERHEAD))
    return {
      head: whole.subarray(0, at + RECORD_BATCH_OVERHEAD),
      batchAt: at,
      tail: whole.subarray(at + batch.length),
    }
  })
  const isIdempotent = producerId >= 0
  return {
    recordsPerRequest: count,
    valueBytesPerRequest: count * shape.recordBytes,
    next(partition) {
      const template = templates[partition]
      if (template === undefined) throw new Error(`no partition ${partition}`)
      if (!isIdempotent) return [template.head, payload, template.tail]
      const head = Buffer.from(template.head)
      const sequence = sequences[partition] ?? 0
      head.writeInt32BE(sequence, template.batchAt + BASE_SEQUENCE)
      const covered = crc32c(head, template.batchAt + CRC_FROM, head.length)
      const crc = crc32c(payload, 0, payload.length, covered)
      head.writeUInt32BE(crc >>> 0, template.batchAt + CRC)
      sequences[partition] = sequence + count
      return [head, payload, template.tail]
    },
  }
}

/** Position of the error code in a Produce v9 answer to one partition. */
export function errorPosition(topic: string): number {
  // correlation id, tags | responses, name | partitions, index
  return 4 + 1 + 1 + 1 + Buffer.byteLength(topic) + 1 + 4
}
