// Publishes two real data sets with one client library, reads them back with another and compares
// them row for row. Run a broker (`npm start`), then `npm run example:flights`.
//
//   topic                               rows      key             from
//   dev.travel.flights-loader.json      20,000    origin airport  flights-20k.json
//   dev.travel.flights-bulk-loader.json 200,000   distance        flights-200k.json
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Consumer, ListOffsetTimestamps, MessagesStreamModes } from '@platformatic/kafka'
import { Kafka, logLevel, Partitioners } from 'kafkajs'

const PARTITIONS = 6
const ROWS_PER_REQUEST = 1000
const ROW_HEADER = 'row'
const READ_TIMEOUT_MS = 60_000

/** One row of a data set: what is published as JSON, and the key that fixes its partition. */
interface Row {
  readonly key: string
  readonly value: string
}

export interface DataSet {
  readonly topic: string
  readonly rows: readonly Row[]
}

export interface Outcome {
  readonly topic: string
  readonly rows: number
  readonly publishSeconds: number
  readonly readSeconds: number
}

/** The two data sets of the npm package `vega-datasets`. */
export function loadDataSets(): DataSet[] {
  return [
    {
      topic: 'dev.travel.flights-loader.json',
      rows: readRows('flights-20k.json', (row) => String(row['origin'])),
    },
    {
      topic: 'dev.travel.flights-bulk-loader.json',
      rows: readRows('flights-200k.json', (row) => String(row['distance'])),
    },
  ]
}

function readRows(file: string, keyOf: (row: Record<string, unknown>) => string): Row[] {
  // The package exports its code only; the data lie beside it.
  const entry = createRequire(import.meta.url).resolve('vega-datasets')
  const path = join(dirname(entry), '..', 'data', file)
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!Array.isArray(parsed)) throw new Error(`${file} is not a list of rows`)
  return parsed.map((row: Record<string, unknown>) => ({
    key: keyOf(row),
    value: JSON.stringify(row),
  }))
}

/**
 * Publishes and reads back one data set; throws at the first difference: a row lost, doubled,
 * changed, or out of order among the rows of its key. The topic must not exist yet.
 */
export async function runFlights(
  bootstrap: string,
  dataSet: DataSet,
  progress: (line: string) => void,
): Promise<Outcome> {
  const publishSeconds = await publish(bootstrap, dataSet, progress)
  const readSeconds = await readAndCompare(bootstrap, dataSet, progress)
  return { topic: dataSet.topic, rows: dataSet.rows.length, publishSeconds, readSeconds }
}

async function publish(
  bootstrap: string,
  { topic, rows }: DataSet,
  progress: (line: string) => void,
): Promise<number> {
  const kafka = new Kafka({
    brokers: [bootstrap],
    clientId: 'flights-loader',
    logLevel: logLevel.ERROR,
  })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true })
  await admin.disconnect()

  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  const started = Date.now()
  for (let first = 0; first < rows.length; first += ROWS_PER_REQUEST) {
    const messages = rows.slice(first, first + ROWS_PER_REQUEST).map((row, index) => ({
      ...row,
      headers: { [ROW_HEADER]: String(first + index) },
    }))
    await producer.send({ topic, messages, acks: -1 })
    const done = first + messages.length
    if (done % 20_000 === 0 || done === rows.length) {
      progress(`${topic}: published ${done} of ${rows.length}`)
    }
  }
  const seconds = (Date.now() - started) / 1000
  await producer.disconnect()
  return seconds
}

async function readAndCompare(
  bootstrap: string,
  { topic, rows }: DataSet,
  progress: (line: string) => void,
): Promise<number> {
  const consumer = new Consumer({
    groupId: `${topic}-reader-${Date.now()}`,
    clientId: 'flights-reader',
    bootstrapBrokers: [bootstrap],
    maxWaitTime: 200,
  })
  const started = Date.now()
  const deadline = AbortSignal.timeout(READ_TIMEOUT_MS)
  try {
    const ends = await consumer.listOffsets({
      topics: [topic],
      timestamp: ListOffsetTimestamps.LATEST,
    })
    const stored = (ends.get(topic) ?? []).reduce((sum, offset) => sum + offset, 0n)
    check(stored === BigInt(rows.length), `${stored} records are stored for ${rows.length} rows`)

    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
    })
    deadline.addEventListener('abort', () => stream.destroy(new Error('reading took too long')))
    const comparison = new Comparison(rows)
    for await (const message of stream) {
      const row = Number(headerOf(message.headers))
      comparison.accept(row, String(message.key), String(message.value))
      if (comparison.seen % 20_000 === 0) {
        progress(`${topic}: read ${comparison.seen} of ${rows.length}`)
      }
      if (comparison.seen === rows.length) break
    }
    check(comparison.seen === rows.length, `${comparison.seen} of ${rows.length} rows came back`)
  } finally {
    await consumer.close(true)
  }
  return (Date.now() - started) / 1000
}

/** Headers are keyed by Buffer, so the one wanted is found by content. */
function headerOf(headers: Map<Buffer, Buffer>): string | undefined {
  for (const [name, value] of headers) if (name.toString() === ROW_HEADER) return String(value)
  return undefined
}

/** Holds what came back against what was published. */
class Comparison {
  readonly #rows: readonly Row[]
  readonly #came: Uint8Array
  readonly #newestOfKey = new Map<string, number>()
  seen = 0

  constructor(rows: readonly Row[]) {
    this.#rows = rows
    this.#came = new Uint8Array(rows.length)
  }

  accept(index: number, key: string, value: string): void {
    const row = this.#rows[index]
    check(row !== undefined, `a record names the unknown row ${index}`)
    check(row.key === key, `row ${index} has the key ${key}, not ${row.key}`)
    check(row.value === value, `row ${index} came back as ${value}`)
    check(this.#came[index] === 0, `row ${index} came twice`)
    const before = this.#newestOfKey.get(key) ?? -1
    check(before < index, `row ${index} of key ${key} came after row ${before}`)
    this.#newestOfKey.set(key, index)
    this.#came[index] = 1
    this.seen++
  }
}

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}
