// What a Produce request's version demands of the records of a partition, before any log is
// asked: from version 3 on one batch of magic 2, zstd only from version 7 on.
import { Errors } from '../errors.ts'
import { compressionOf, CURRENT_MAGIC, magic } from './batch.ts'
import { Compression } from './compression.ts'
import { nextBatch } from './next-batch.ts'

export interface ProduceCheck {
  readonly error: number
  readonly errorMessage: string | null
}

const FINE: ProduceCheck = { error: Errors.NONE, errorMessage: null }
const INVALID: ProduceCheck = { error: Errors.INVALID_RECORD, errorMessage: null }
const UNSUPPORTED: ProduceCheck = {
  error: Errors.UNSUPPORTED_COMPRESSION_TYPE,
  errorMessage: null,
}

/** Error and message for the partition; its log start offset is then answered as -1. */
export function checkProduceRecords(records: Buffer | null, requestVersion: number): ProduceCheck {
  if (requestVersion < 3) return FINE
  if (records === null) return INVALID
  const end = nextBatch(records, 0)
  if (typeof end !== 'number') return { error: Errors.CORRUPT_MESSAGE, errorMessage: end }
  if (end < 0 || magic(records, 0) !== CURRENT_MAGIC) return INVALID
  // A batch too short to have attributes is left to the checksum.
  const codec = end >= 23 ? compressionOf(records, 0) : Compression.none
  if (codec === Compression.zstd && requestVersion < 7) return UNSUPPORTED
  const second = nextBatch(records, end)
  if (typeof second !== 'number') return { error: Errors.CORRUPT_MESSAGE, errorMessage: second }
  return second < 0 ? FINE : INVALID
}
