// One pass over the records of a batch that looks for what a leader refuses. Hot: allocates only
// for records that are refused.
import { Errors } from '../errors.ts'
import {
  baseOffset,
  baseTimestamp,
  isControl,
  maxTimestamp,
  NO_TIMESTAMP,
  recordCount,
  timestampType,
  TimestampType,
} from './batch.ts'
import { RecordCursor, RecordFormatError } from './record-cursor.ts'

export interface ScanRules {
  readonly topic: string
  readonly partition: number
  readonly nowMs: number
  readonly timestampType: TimestampType
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  readonly compacted: boolean
}

export interface RecordProblem {
  readonly error: number
  readonly batchIndex: number
  readonly message: string
}

export interface Scan {
  readonly problems: readonly RecordProblem[]
  /** Offset deltas are 0, 1, 2, ... */
  readonly offsetsInOrder: boolean
  readonly newestTimestamp: number
}

const NO_PROBLEMS: readonly RecordProblem[] = []
const cursor = new RecordCursor()
const NO_BYTES = Buffer.alloc(0)

/** `section` holds the records of `batch`, uncompressed. Throws RecordFormatError. */
export function scanSection(batch: Buffer, section: Buffer, rules: ScanRules): Scan {
  cursor.open(section, 0, section.length)
  try {
    return scan(batch, rules)
  } finally {
    cursor.open(NO_BYTES, 0, 0)
  }
}

function scan(batch: Buffer, rules: ScanRules): Scan {
  const count = recordCount(batch, 0)
  const firstTimestamp = baseTimestamp(batch, 0)
  const appendTime =
    timestampType(batch, 0) === TimestampType.logAppendTime ? maxTimestamp(batch, 0) : undefined
  const oldest = rules.nowMs - rules.timestampBeforeMaxMs
  const newest = rules.nowMs + rules.timestampAfterMaxMs
  const needsKey = rules.compacted && !isControl(batch, 0)
  const checksTime = rules.timestampType === TimestampType.createTime
  let problems: RecordProblem[] | undefined
  let offsetsInOrder = true
  let newestTimestamp = NO_TIMESTAMP
  for (let index = 0; index < count; index += 1) {
    cursor.next()
    const timestamp = appendTime ?? firstTimestamp + cursor.timestampDelta
    if (timestamp > newestTimestamp) newestTimestamp = timestamp
    if (cursor.offsetDelta !== index) offsetsInOrder = false
    const inTime =
      checksTime && timestamp !== NO_TIMESTAMP
        ? timestamp >= oldest && timestamp <= newest
        : appendTime === undefined
    if (inTime && (!needsKey || cursor.keyLength >= 0)) continue
    problems ??= []
    problems.push(describe(batch, index, timestamp, needsKey, oldest, newest, rules))
  }
  if (!cursor.isAtEnd) throw new RecordFormatError('bytes after the last record')
  return { problems: problems ?? NO_PROBLEMS, offsetsInOrder, newestTimestamp }
}

function describe(
  batch: Buffer,
  index: number,
  timestamp: number,
  needsKey: boolean,
  oldest: number,
  newest: number,
  rules: ScanRules,
): RecordProblem {
  if (needsKey && cursor.keyLength < 0) {
    const where = `${rules.topic}-${rules.partition}`
    const message = `Compacted topic cannot accept message without key in topic partition ${where}`
    return { error: Errors.INVALID_RECORD, batchIndex: index, message }
  }
  const offset = baseOffset(batch, 0) + cursor.offsetDelta
  if (rules.timestampType === TimestampType.createTime && timestamp !== NO_TIMESTAMP) {
    const message =
      `Timestamp ${timestamp} of message with offset ${offset} is out of range. ` +
      `The timestamp should be within [${oldest}, ${newest}]`
    return { error: Errors.INVALID_TIMESTAMP, batchIndex: index, message }
  }
  const record =
    `DefaultRecord(offset=${offset}, timestamp=${timestamp}, ` +
    `key=${Math.max(0, cursor.keyLength)} bytes, value=${Math.max(0, cursor.valueLength)} bytes)`
  const message =
    `Invalid timestamp type in message ${record}. ` +
    'Producer should not set timestamp type to LogAppendTime.'
  return { error: Errors.INVALID_TIMESTAMP, batchIndex: index, message }
}
