// The lines that `kafka-dump-log.sh` prints for a log file. Pure: bytes come from a reader, and what
// is wrong is collected for the end.
import * as batch from '../wire/records/batch.ts'
import { Compression, decompress } from '../wire/records/compression.ts'
import { ControlType, readControl } from '../wire/records/control-batch.ts'
import {
  isLegacyCrcValid,
  legacyCompressionOf,
  readLegacyMessage,
  type LegacyMessage,
} from '../wire/records/legacy.ts'
import { DEFAULT_MAX_DECOMPRESSED_BYTES, readRecords } from '../wire/records/read-records.ts'
import type { DecodedRecord } from '../wire/records/read-records.ts'
import type { DumpProblems } from './dump-problems.ts'

/** Reads a file piece by piece; fewer bytes only at its end. */
export interface FileReader {
  readonly path: string
  readonly sizeBytes: number
  read(position: number, length: number): Buffer
}

export interface DumpLogOptions {
  /** Shows each record, not only each batch. Implied by `printData`. */
  readonly deepIteration?: boolean
  readonly printData?: boolean
  readonly skipRecordMetadata?: boolean
  /** Stops after that many bytes of batches. */
  readonly maxBytes?: number
  /** What a decoder makes of a record's key and value; by default they are text. */
  readonly describe?: (record: DecodedRecord) => RecordText
}

export interface RecordText {
  /** Undefined: nothing is printed for it. */
  readonly key: string | undefined
  readonly payload: string | undefined
}

const CHUNK_BYTES = 1024 * 1024
const MIN_ENTRY_BYTES = 26
const LEGACY_CRC = 12

const codecNames = new Map(Object.entries(Compression).map(([name, code]) => [Number(code), name]))

export function* dumpLog(
  file: FileReader,
  baseOffset: number,
  options: DumpLogOptions,
  problems: DumpProblems,
): Generator<string> {
  yield `Dumping ${file.path}`
  yield `Log starting offset: ${baseOffset}`
  const deep = options.deepIteration === true || options.printData === true
  const limit = Math.min(file.sizeBytes, options.maxBytes ?? Infinity)
  const limited = { ...file, sizeBytes: limit }
  const order = { last: -1 }
  let position = 0
  while (position + MIN_ENTRY_BYTES <= limit) {
    const bytes = readEntry(limited, position)
    if (bytes === undefined) break
    yield describeEntry(bytes, position)
    if (deep) yield* dumpRecords(file, bytes, options, order, problems)
    position += bytes.length
  }
  const trailing = limit - position
  if (trailing > 0 && options.maxBytes === undefined) {
    const name = file.path.slice(file.path.lastIndexOf('/') + 1)
    yield `Found ${trailing} invalid bytes at the end of ${name}`
  }
}

/** The whole batch or message at `position`; undefined when there is none. */
export function readEntry(file: FileReader, position: number): Buffer | undefined {
  const head = file.read(position, Math.min(CHUNK_BYTES, file.sizeBytes - position))
  if (head.length < MIN_ENTRY_BYTES) return undefined
  const size = batch.sizeInBytes(head, 0)
  const magic = batch.magic(head, 0)
  const least = magic === batch.CURRENT_MAGIC ? batch.RECORD_BATCH_OVERHEAD : MIN_ENTRY_BYTES
  if (magic < 0 || magic > batch.CURRENT_MAGIC || size < least) return undefined
  if (position + size > file.sizeBytes) return undefined
  return size <= head.length ? head.subarray(0, size) : file.read(position, size)
}

function describeEntry(b: Buffer, position: number): string {
  if (batch.magic(b, 0) !== batch.CURRENT_MAGIC) return describeLegacy(b, position)
  const horizon = batch.hasDeleteHorizon(b, 0)
    ? `OptionalLong[${batch.baseTimestamp(b, 0)}]`
    : 'OptionalLong.empty'
  return [
    `baseOffset: ${batch.baseOffset(b, 0)} lastOffset: ${batch.lastOffset(b, 0)}`,
    `count: ${batch.recordCount(b, 0)}`,
    `baseSequence: ${batch.baseSequence(b, 0)} lastSequence: ${batch.lastSequence(b, 0)}`,
    `producerId: ${batch.producerId(b, 0)} producerEpoch: ${batch.producerEpoch(b, 0)}`,
    `partitionLeaderEpoch: ${batch.partitionLeaderEpoch(b, 0)}`,
    `isTransactional: ${batch.isTransactional(b, 0)} isControl: ${batch.isControl(b, 0)}`,
    `deleteHorizonMs: ${horizon} position: ${position}`,
    `${timestampName(b)}: ${batch.maxTimestamp(b, 0)} size: ${b.length} magic: 2`,
    `compresscodec: ${codecName(batch.compressionOf(b, 0))} crc: ${batch.crc(b, 0)}`,
    `isvalid: ${batch.isCrcValid(b, 0)}`,
  ].join(' ')
}

function timestampName(b: Buffer): string {
  const appendTime = batch.timestampType(b, 0) === batch.TimestampType.logAppendTime
  return appendTime ? 'LogAppendTime' : 'CreateTime'
}

function codecName(code: number): string {
  return codecNames.get(code) ?? `unknown (${code})`
}

function* dumpRecords(
  file: FileReader,
  b: Buffer,
  options: DumpLogOptions,
  order: { last: number },
  problems: DumpProblems,
): Generator<string> {
  const inOrder = (offset: number): void => {
    if (order.last >= 0 && offset !== order.last + 1) {
      problems.nonConsecutive(file.path, order.last, offset)
    }
    order.last = offset
  }
  if (batch.magic(b, 0) !== batch.CURRENT_MAGIC) {
    if (!isLegacyCrcValid(b, 0)) return
    for (const { message, crc, isValid } of legacyMessages(b)) {
      inOrder(message.offset)
      yield describeLegacyRecord(message, crc, isValid, options)
    }
    return
  }
  const records = readable(b)
  const firstSequence = batch.baseSequence(b, 0)
  for (const record of records) {
    inOrder(record.offset)
    const delta = record.offset - batch.baseOffset(b, 0)
    const sequence = firstSequence < 0 ? -1 : batch.addSequence(firstSequence, delta)
    yield describeRecord(b, record, sequence, options)
  }
}

/** Of a damaged batch, too, what can be read. */
function readable(b: Buffer): DecodedRecord[] {
  if (batch.isCrcValid(b, 0)) return readRecords(b)
  try {
    return readRecords(b)
  } catch {
    return []
  }
}

function describeRecord(
  b: Buffer,
  record: DecodedRecord,
  sequence: number,
  options: DumpLogOptions,
): string {
  const isControl = batch.isControl(b, 0)
  const data = options.printData === true && !isControl ? describeData(record, options) : []
  if (options.skipRecordMetadata === true) return withoutMetadata(data)
  const parts = [
    `offset: ${record.offset} ${timestampName(b)}: ${record.timestamp}`,
    `keySize: ${sizeOf(record.key)} valueSize: ${sizeOf(record.value)}`,
    `sequence: ${sequence} headerKeys: [${record.headers.map(({ key }) => key).join(',')}]`,
  ]
  if (isControl) parts.push(describeControl(b))
  return `| ${[...parts, ...data].join(' ')}`
}

/** The bar comes with the key; a record without one begins with the space before its value. */
function withoutMetadata(data: readonly string[]): string {
  const [first = ''] = data
  const line = data.join(' ')
  if (first.startsWith('key: ')) return `| ${line}`
  return line === '' ? '' : ` ${line}`
}

function describeControl(b: Buffer): string {
  const control = readControl(b, 0)
  const type = control?.type
  if (type !== ControlType.abort && type !== ControlType.commit) return `controlType: ${type}`
  const name = type === ControlType.abort ? 'ABORT' : 'COMMIT'
  return `endTxnMarker: ${name} coordinatorEpoch: ${control?.coordinatorEpoch}`
}

function describeData(record: DecodedRecord, options: DumpLogOptions): string[] {
  const { key, payload } = (options.describe ?? asText)(record)
  const parts: string[] = []
  if (key !== undefined) parts.push(`key: ${key}`)
  if (payload !== undefined) parts.push(`payload: ${payload}`)
  return parts
}

function asText(record: DecodedRecord): RecordText {
  return { key: record.key?.toString(), payload: record.value?.toString() }
}

function sizeOf(bytes: Buffer | null): number {
  return bytes === null ? -1 : bytes.length
}

// ---- magic 0 and 1

interface LegacyDump {
  readonly message: LegacyMessage
  readonly crc: number
  readonly isValid: boolean
}

function legacyTimestamp(message: LegacyMessage): string {
  if (message.magic === 0) return 'NoTimestampType: -1'
  return `${message.appendTime ? 'LogAppendTime' : 'CreateTime'}: ${message.timestamp}`
}

function describeLegacy(b: Buffer, position: number): string {
  const isValid = isLegacyCrcValid(b, 0)
  const time = isValid ? legacyTimestamp(readLegacyMessage(b, 0)) : 'CreateTime: -1'
  return (
    `offset: ${batch.baseOffset(b, 0)} position: ${position} ${time} ` +
    `size: ${b.length} magic: ${batch.magic(b, 0)} ` +
    `compresscodec: ${codecName(legacyCompressionOf(b, 0))} ` +
    `crc: ${b.readUInt32BE(LEGACY_CRC)} isvalid: ${isValid}`
  )
}

function describeLegacyRecord(
  message: LegacyMessage,
  crc: number,
  isValid: boolean,
  options: DumpLogOptions,
): string {
  const { offset, key, value, timestamp } = message
  const record = { offset, timestamp, key, value, headers: [] }
  const data = options.printData === true ? describeData(record, options) : []
  if (options.skipRecordMetadata === true) return withoutMetadata(data)
  const parts = [
    `offset: ${offset} ${legacyTimestamp(message)}`,
    `keySize: ${sizeOf(key)} valueSize: ${sizeOf(value)} isValid: ${isValid} crc: ${crc}}`,
  ]
  return `| ${[...parts, ...data].join(' ')}`
}

/** The message itself, or those in its wrapper, with absolute offsets. */
function legacyMessages(b: Buffer): LegacyDump[] {
  const wrapper = readLegacyMessage(b, 0)
  if (wrapper.codec === Compression.none) return readSet(b)
  if (wrapper.value === null) return []
  const inner = readSet(decompress(wrapper.codec, wrapper.value, DEFAULT_MAX_DECOMPRESSED_BYTES))
  const last = inner.at(-1)?.message.offset ?? 0
  const shift = wrapper.magic === 0 ? 0 : wrapper.offset - last
  return inner.map((one) => ({
    ...one,
    message: { ...one.message, offset: one.message.offset + shift },
  }))
}

function readSet(set: Buffer): LegacyDump[] {
  const messages: LegacyDump[] = []
  for (let position = 0; position < set.length;) {
    const message = readLegacyMessage(set, position)
    const crc = set.readUInt32BE(position + LEGACY_CRC)
    messages.push({ message, crc, isValid: isLegacyCrcValid(set, position) })
    position = message.end
  }
  return messages
}
