// How a record is printed, as Kafka's DefaultMessageFormatter prints it: what is asked for, in a
// fixed order, with separators in between.
import type { ConsumedRecord } from '../client/consumer.ts'
import type { Properties } from './client-properties.ts'
import { GROUP_KIND, readGroupKey, readGroupValue } from './internal-records.ts'
import { ToolFailure } from './tool.ts'

export type RecordFormatter = (record: ConsumedRecord) => Buffer

type Deserializer = (bytes: Buffer) => Buffer

const NOTHING = Buffer.alloc(0)

/** The formatter of a class name. Throws ToolFailure for one that is not there. */
export function recordFormatter(className: string, properties: Properties): RecordFormatter {
  switch (className.replace(/^.*\.(?:ConsoleConsumer\$)?/, '')) {
    case 'DefaultMessageFormatter':
      return defaultFormatter(properties)
    case 'NoOpMessageFormatter':
      return () => NOTHING
    case 'LoggingMessageFormatter': {
      const format = defaultFormatter(properties)
      return (record) => {
        const text = (bytes: Buffer | null): string => (bytes === null ? 'null' : bytes.toString())
        const time =
          record.timestampType === 'NoTimestampType'
            ? ''
            : `${record.timestampType}:${record.timestamp}, `
        const line = `${time}key:${text(record.key)}, value:${text(record.value)}\n`
        return Buffer.concat([format(record), Buffer.from(line)])
      }
    }
    case 'OffsetsMessageFormatter':
      return groupRecords((kind) => kind < GROUP_KIND)
    case 'GroupMetadataMessageFormatter':
      return groupRecords((kind) => kind === GROUP_KIND)
    default:
      throw new ToolFailure(
        `Exception in thread "main" java.lang.ClassNotFoundException: ${className}`,
      )
  }
}

/** Records of __consumer_offsets of some kinds, one document after the other as Kafka has it. */
function groupRecords(isWanted: (kind: number) => boolean): RecordFormatter {
  return ({ key, value }) => {
    const named = readGroupKey(key)
    if (named === undefined || !isWanted(named.version)) return NOTHING
    const read = value === null ? null : readGroupValue(named.version, value, false)
    return Buffer.from(JSON.stringify({ key: named, value: read }))
  }
}

function defaultFormatter(properties: Properties): RecordFormatter {
  const flag = (name: string, initial = false): boolean =>
    (properties.get(name) ?? String(initial)).trim().toLowerCase() === 'true'
  const shows = {
    timestamp: flag('print.timestamp'),
    partition: flag('print.partition'),
    offset: flag('print.offset'),
    headers: flag('print.headers'),
    key: flag('print.key'),
    value: flag('print.value', true),
  }
  const bytesOf = (name: string, initial: string): Buffer =>
    Buffer.from(properties.get(name) ?? initial)
  const keySeparator = bytesOf('key.separator', '\t')
  const lineSeparator = bytesOf('line.separator', '\n')
  const headersSeparator = bytesOf('headers.separator', ',')
  const nullLiteral = bytesOf('null.literal', 'null')
  const read = (side: 'key' | 'value' | 'headers'): ((bytes: Buffer | null) => Buffer) => {
    const convert = deserializer(properties.get(`${side}.deserializer`))
    return (bytes) => (bytes === null ? nullLiteral : convert(bytes))
  }
  const readKey = read('key')
  const readValue = read('value')
  const readHeader = read('headers')
  const headersOf = ({ headers }: ConsumedRecord): Buffer => {
    if (headers.length === 0) return Buffer.from('NO_HEADERS')
    const parts = headers.flatMap(({ key, value }, index) => [
      ...(index === 0 ? [] : [headersSeparator]),
      Buffer.from(`${key}:`),
      readHeader(value),
    ])
    return Buffer.concat(parts)
  }
  // Most often only values are printed: without a list of parts per record.
  if (Object.values(shows).filter(Boolean).length === 1 && shows.value) {
    return ({ value }) => Buffer.concat([readValue(value), lineSeparator])
  }
  return (record) => {
    const parts: Buffer[] = []
    if (shows.timestamp) parts.push(Buffer.from(timestampOf(record)))
    if (shows.partition) parts.push(Buffer.from(`Partition:${record.partition}`))
    if (shows.offset) parts.push(Buffer.from(`Offset:${record.offset}`))
    if (shows.headers) parts.push(headersOf(record))
    if (shows.key) parts.push(readKey(record.key))
    if (shows.value) parts.push(readValue(record.value))
    if (parts.length === 0) return NOTHING
    const separated = parts.flatMap((part, index) => (index === 0 ? [part] : [keySeparator, part]))
    return Buffer.concat([...separated, lineSeparator])
  }
}

function timestampOf({ timestampType, timestamp }: ConsumedRecord): string {
  return timestampType === 'NoTimestampType' ? 'NO_TIMESTAMP' : `${timestampType}:${timestamp}`
}

/** Bytes as text, by the class that Kafka has for it; unchanged without one. */
function deserializer(className: string | undefined): Deserializer {
  const printed = (read: (bytes: Buffer) => string | number | bigint): Deserializer => {
    return (bytes) => Buffer.from(String(read(bytes)))
  }
  switch (className?.replace(/^.*\./, '')) {
    case undefined:
    case 'StringDeserializer':
      return (bytes) => bytes
    case 'LongDeserializer':
      return printed((bytes) => bytes.readBigInt64BE())
    case 'IntegerDeserializer':
      return printed((bytes) => bytes.readInt32BE())
    case 'ShortDeserializer':
      return printed((bytes) => bytes.readInt16BE())
    case 'DoubleDeserializer':
      return printed((bytes) => javaNumber(bytes.readDoubleBE()))
    case 'FloatDeserializer':
      return printed((bytes) => javaNumber(bytes.readFloatBE()))
    case 'BooleanDeserializer':
      return printed((bytes) => String(bytes.readUInt8() !== 0))
    default:
      throw new ToolFailure(
        `Exception in thread "main" java.lang.ClassNotFoundException: ${className}`,
      )
  }
}

/** Java prints whole floating point numbers with a fraction. */
function javaNumber(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value)
}
