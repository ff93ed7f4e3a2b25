// Changes of a whole batch that a leader makes: another codec, offsets in order.
import {
  baseOffset,
  baseSequence,
  isTransactional,
  LOG_OVERHEAD,
  producerEpoch,
  producerId,
  RECORD_BATCH_OVERHEAD,
  recordCount,
  writeCrc,
  isControl,
  baseTimestamp,
  maxTimestamp,
  timestampType,
  TimestampType,
  partitionLeaderEpoch,
} from './batch.ts'
import { buildBatch } from './build-batch.ts'
import { compress, type Compression } from './compression.ts'
import { writeInt64 } from './int64.ts'
import { readSection } from './read-records.ts'

const HAS_DELETE_HORIZON = 0x40

/** The same batch with its records, given uncompressed as `section`, in another codec. */
export function recompressSection(
  batch: Buffer,
  section: Buffer,
  codec: Compression,
  level?: number,
): Buffer {
  const records = compress(codec, section, level)
  const result = Buffer.allocUnsafe(RECORD_BATCH_OVERHEAD + records.length)
  batch.copy(result, 0, 0, RECORD_BATCH_OVERHEAD)
  records.copy(result, RECORD_BATCH_OVERHEAD)
  result.writeInt32BE(result.length - LOG_OVERHEAD, 8)
  result.writeUInt8((batch.readUInt8(22) & ~0x07) | codec, 22)
  writeCrc(result, 0)
  return result
}

export interface KeptRecords {
  /** Uncompressed; timestamps count from `baseTimestamp`. */
  readonly section: Buffer
  readonly count: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  /** The base timestamp is when tombstones may go (KIP-534). */
  readonly hasDeleteHorizon: boolean
}

/** The same batch, its offsets included, with only some of its records. */
export function withKept(batch: Buffer, kept: KeptRecords, codec: Compression): Buffer {
  const result = recompressSection(batch, kept.section, codec)
  const attributes = result.readUInt8(22)
  if (kept.hasDeleteHorizon) result.writeUInt8(attributes | HAS_DELETE_HORIZON, 22)
  writeInt64(result, 27, kept.baseTimestamp)
  writeInt64(result, 35, kept.maxTimestamp)
  result.writeInt32BE(kept.count, 57)
  writeCrc(result, 0)
  return result
}

/**
 * The same records written anew, with offset deltas 0, 1, 2, ... (some clients send them all as 0,
 * which Kafka has always put right instead of refusing it) and each with its own timestamp.
 */
export function rebuild(
  batch: Buffer,
  section: Buffer,
  codec: Compression,
  level?: number,
): Buffer {
  const appendTime =
    timestampType(batch, 0) === TimestampType.logAppendTime ? maxTimestamp(batch, 0) : undefined
  const records = readSection(
    section,
    recordCount(batch, 0),
    0,
    baseTimestamp(batch, 0),
    appendTime,
  )
  return buildBatch({
    records: records.map((record, index) => ({ ...record, offsetDelta: index })),
    baseOffset: baseOffset(batch, 0),
    leaderEpoch: partitionLeaderEpoch(batch, 0),
    compression: codec,
    level,
    producerId: producerId(batch, 0),
    producerEpoch: producerEpoch(batch, 0),
    baseSequence: baseSequence(batch, 0),
    transactional: isTransactional(batch, 0),
    control: isControl(batch, 0),
  })
}
