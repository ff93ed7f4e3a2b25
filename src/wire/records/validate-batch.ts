// What a leader checks of the records that a producer sent, and what it changes in them: Kafka's
// log validator. Batches that need nothing stay where they are in the request's buffer, and the
// records in them are walked without allocation. What comes out is magic 2, with a correct
// checksum; base offset and leader epoch are left for the log to set.
import { Errors } from '../errors.ts'
import {
  baseOffset,
  baseSequence,
  compressionOf,
  CURRENT_MAGIC,
  hasProducerId,
  isControl,
  isCrcValid,
  lastOffsetDelta,
  magic,
  maxTimestamp,
  RECORD_BATCH_OVERHEAD,
  recordCount,
  sizeInBytes,
  timestampType,
  TimestampType,
  writeMaxTimestamp,
} from './batch.ts'
import { Compression, DecompressionError, type CompressionName } from './compression.ts'
import { isLegacyCrcValid, LegacyFormatError, upConvert } from './legacy.ts'
import { RecordFormatError } from './record-cursor.ts'
import { borrowedSection, DEFAULT_MAX_DECOMPRESSED_BYTES } from './read-records.ts'
import { nextBatch } from './next-batch.ts'
import { rebuild, recompressSection } from './rewrite-batch.ts'
import { scanSection, type RecordProblem } from './scan-records.ts'

export type AppendOrigin = 'client' | 'coordinator' | 'replication'

/** The settings of a topic that bear on what it accepts, and the circumstances of one append. */
export interface AppendRules {
  readonly topic: string
  readonly partition: number
  readonly origin: AppendOrigin
  readonly nowMs: number
  /** max.message.bytes, of one batch, compressed. */
  readonly maxMessageBytes: number
  /** compression.type: a codec by its name, `uncompressed`, or `producer` for the batch's own. */
  readonly compressionType: string
  /** compression.<codec>.level of that codec; undefined for its default. */
  readonly compressionLevel?: number | undefined
  /** message.timestamp.type */
  readonly timestampType: TimestampType
  /** message.timestamp.before.max.ms */
  readonly timestampBeforeMaxMs: number
  /** message.timestamp.after.max.ms */
  readonly timestampAfterMaxMs: number
  /** cleanup.policy has `compact`: every record needs a key. */
  readonly compacted: boolean
  /** The most that one batch may decompress to. */
  readonly maxDecompressedBytes?: number | undefined
}

export interface RecordError {
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string | null
}

export interface AppendVerdict {
  /** 0, or the code for the whole partition. */
  readonly error: number
  readonly errorMessage: string | null
  readonly recordErrors: readonly RecordError[]
  /** Whether the answer names the log start offset: not for what already fails at parsing. */
  readonly knowsLogStart: boolean
  /** Batches of magic 2, one after the other; empty if refused or if nothing was sent. */
  readonly records: Buffer
  /** With append time: `nowMs`; else -1. */
  readonly appendTimeMs: number
}

const NOTHING = Buffer.alloc(0)
const NO_ERRORS: readonly RecordError[] = []

/**
 * Checks and, where topic or format ask for it, rewrites what is to be appended. `records` may be
 * changed in place. Incomplete bytes at the end are dropped, as Kafka does.
 */
export function validateForAppend(records: Buffer, rules: AppendRules): AppendVerdict {
  try {
    const end = analyse(records, rules)
    if (typeof end !== 'number') return end
    const complete = end === records.length ? records : records.subarray(0, end)
    if (end === 0) return accept(NOTHING, rules)
    return convert(complete, rules)
  } catch (error) {
    if (error instanceof RecordFormatError) return refuse(Errors.INVALID_RECORD)
    if (error instanceof LegacyFormatError) return refuse(Errors.CORRUPT_MESSAGE, null, false)
    if (error instanceof DecompressionError) return refuse(decompressionErrorCode(error))
    throw error
  }
}

/** Kafka answers UNKNOWN_SERVER_ERROR to what its decompressors throw at; gzip ends early in silence. */
function decompressionErrorCode({ problem, codec }: DecompressionError): number {
  if (problem === 'too-large') return Errors.MESSAGE_TOO_LARGE
  const endsEarly = problem === 'truncated' && codec === 'gzip'
  return endsEarly ? Errors.INVALID_RECORD : Errors.UNKNOWN_SERVER_ERROR
}

/** What every batch must satisfy before its records are looked at; the end of the last one. */
function analyse(records: Buffer, rules: AppendRules): number | AppendVerdict {
  let position = 0
  for (;;) {
    const next = nextBatch(records, position)
    if (typeof next !== 'number') return refuse(Errors.CORRUPT_MESSAGE, next, false)
    if (next < 0) return position
    const modern = magic(records, position) === CURRENT_MAGIC
    if (modern && rules.origin === 'client' && baseOffset(records, position) !== 0) {
      return refuse(Errors.INVALID_RECORD)
    }
    if (next - position > rules.maxMessageBytes)
      return refuse(Errors.MESSAGE_TOO_LARGE, null, false)
    const intact = modern ? isCrcValid(records, position) : isLegacyCrcValid(records, position)
    if (!intact) return refuse(Errors.CORRUPT_MESSAGE, null, false)
    if (modern && compressionOf(records, position) > Compression.zstd) {
      return refuse(Errors.UNKNOWN_SERVER_ERROR)
    }
    position = next
  }
}

function convert(records: Buffer, rules: AppendRules): AppendVerdict {
  if (magic(records, 0) !== CURRENT_MAGIC) return convertLegacy(records, rules)
  if (sizeInBytes(records, 0) === records.length) return validateBatch(records, rules)
  if (rules.origin === 'client') return refuse(Errors.INVALID_RECORD)
  return validateBatches(records, rules)
}

/** Several batches, as only the broker itself appends them. */
function validateBatches(records: Buffer, rules: AppendRules): AppendVerdict {
  const parts: Buffer[] = []
  for (let position = 0; position < records.length;) {
    const end = position + sizeInBytes(records, position)
    if (magic(records, position) !== CURRENT_MAGIC) return refuse(Errors.INVALID_RECORD)
    const verdict = validateBatch(records.subarray(position, end), rules)
    if (verdict.error !== Errors.NONE) return verdict
    parts.push(verdict.records)
    position = end
  }
  return accept(Buffer.concat(parts), rules)
}

function convertLegacy(records: Buffer, rules: AppendRules): AppendVerdict {
  const converted = upConvert(records, {
    maxBytes: rules.maxDecompressedBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES,
    compressionType: rules.compressionType,
    level: rules.compressionLevel,
  })
  return validateBatch(converted, { ...rules, compressionType: 'producer' })
}

/** `batch` is one batch of magic 2 with a correct checksum. */
function validateBatch(batch: Buffer, rules: AppendRules): AppendVerdict {
  const problem = headerProblem(batch, rules.origin)
  if (problem !== Errors.NONE) return refuse(problem)
  const section = borrowedSection(batch, 0, rules.maxDecompressedBytes)
  const scan = scanSection(batch, section, rules)
  if (scan.problems.length > 0) return refuseRecords(scan.problems)
  const target = targetCodec(batch, 0, rules)
  let stored = batch
  const recompresses = target !== compressionOf(batch, 0)
  const losesTimes = recompresses && timestampType(batch, 0) === TimestampType.logAppendTime
  if (!scan.offsetsInOrder || losesTimes) {
    stored = rebuild(batch, section, target, rules.compressionLevel)
  } else if (recompresses) {
    stored = recompressSection(batch, section, target, rules.compressionLevel)
  }
  if (stored !== batch && stored.length > rules.maxMessageBytes) {
    return refuse(Errors.MESSAGE_TOO_LARGE, null, false)
  }
  stampTime(stored, rules, scan.newestTimestamp)
  return accept(stored, rules)
}

function headerProblem(batch: Buffer, origin: AppendOrigin): number {
  if (sizeInBytes(batch, 0) < RECORD_BATCH_OVERHEAD) return Errors.CORRUPT_MESSAGE
  if (origin !== 'client') return Errors.NONE
  const count = recordCount(batch, 0)
  if (count <= 0 || lastOffsetDelta(batch, 0) !== count - 1) return Errors.INVALID_RECORD
  if (isControl(batch, 0)) return Errors.INVALID_RECORD
  if (hasProducerId(batch, 0) && baseSequence(batch, 0) < 0) return Errors.INVALID_RECORD
  return Errors.NONE
}

function targetCodec(records: Buffer, position: number, rules: AppendRules): Compression {
  const own = compressionOf(records, position)
  if (rules.compressionType === 'uncompressed') return Compression.none
  if (isCodecName(rules.compressionType)) return Compression[rules.compressionType]
  return isCodec(own) ? own : Compression.none
}

function isCodecName(name: string): name is CompressionName {
  return Object.hasOwn(Compression, name)
}

function isCodec(code: number): code is Compression {
  return code >= Compression.none && code <= Compression.zstd
}

/** Sets type and newest timestamp where the header says something else. */
function stampTime(batch: Buffer, rules: AppendRules, newestMs: number): void {
  const type = rules.timestampType
  const time = type === TimestampType.logAppendTime ? rules.nowMs : newestMs
  if (timestampType(batch, 0) === type && maxTimestamp(batch, 0) === time) return
  writeMaxTimestamp(batch, 0, type, time)
}

function accept(records: Buffer, rules: AppendRules): AppendVerdict {
  return {
    error: Errors.NONE,
    errorMessage: null,
    recordErrors: NO_ERRORS,
    knowsLogStart: true,
    records,
    appendTimeMs: rules.timestampType === TimestampType.logAppendTime ? rules.nowMs : -1,
  }
}

function refuse(
  error: number,
  errorMessage: string | null = null,
  knowsLogStart = true,
  recordErrors: readonly RecordError[] = NO_ERRORS,
): AppendVerdict {
  return { error, errorMessage, recordErrors, knowsLogStart, records: NOTHING, appendTimeMs: -1 }
}

function refuseRecords(problems: readonly RecordProblem[]): AppendVerdict {
  const recordErrors = problems.map(({ batchIndex, message }) => ({
    batchIndex,
    batchIndexErrorMessage: message,
  }))
  if (problems.some(({ error }) => error === Errors.INVALID_TIMESTAMP)) {
    const message = 'One or more records have been rejected due to invalid timestamp'
    return refuse(Errors.INVALID_TIMESTAMP, message, true, recordErrors)
  }
  const shown = problems
    .slice(0, 3)
    .map(({ batchIndex, message }) => `RecordError(batchIndex=${batchIndex}, message='${message}')`)
  const message =
    `One or more records have been rejected due to ${problems.length} record errors in total, ` +
    `and only showing the first three errors at most: [${shown.join(', ')}]`
  return refuse(Errors.INVALID_RECORD, message, true, recordErrors)
}
