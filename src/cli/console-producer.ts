// `ottla console-producer`, Kafka's kafka-console-producer.sh: each line of standard input is a
// record.
//
// Always: what is read but not yet written by a broker stays below MAX_UNSENT_BYTES; then the input
// waits.
import type { KafkaClient } from '../client/kafka-client.ts'
import { Producer, type ProducerOptions, type RecordToSend } from '../client/producer.ts'
import { Compression } from '../wire/records/compression.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import {
  parsePairs,
  readPropertiesFile,
  wholeNumber,
  type Properties,
} from './client-properties.ts'
import type { CommandStreams } from './command.ts'
import { inputLines } from './input-lines.ts'
import { describeError, describeKafkaError } from './java-errors.ts'
import { LineProblem, lineReader } from './line-format.ts'
import { HELP_OPTIONS, flag, integer, optionalText, text, texts, type Options } from './options.ts'
import {
  ToolFailure,
  UsageProblem,
  logLine,
  required,
  tool,
  withClient,
  type NamesOf,
} from './tool.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  'broker-list': text('host:port,…', 'The old name of --bootstrap-server.'),
  topic: text('name', 'REQUIRED: where the records go.'),
  property: texts(
    'name=value',
    'How lines are read: parse.key, parse.headers, ignore.error (true or false); key.separator, headers.delimiter, headers.separator, headers.key.separator, null.marker.',
  ),
  'reader-config': text('file', 'The same properties from a file; --property comes first.'),
  'line-reader': text('class', 'Only the standard reader is there.'),
  'producer-property': texts('name=value', 'A setting of the producer.'),
  'producer.config': text('file', 'Settings of the producer; --producer-property comes first.'),
  sync: flag('Send one record after the other instead of many at once.'),
  'compression-codec': optionalText(
    'codec',
    'none, gzip (when no codec is named), snappy, lz4 or zstd.',
  ),
  'batch-size': integer('bytes', 'How large a batch may grow; 16384 when left out.'),
  'request-required-acks': text('acks', '-1 (all) when left out, 0 or 1.'),
  'request-timeout-ms': integer('ms', 'What a broker may take; 30000 when left out.'),
  timeout: integer('ms', 'How long a record waits for others to join its batch.'),
  'max-memory-bytes': integer('bytes', 'What may wait in memory; 33554432 when left out.'),
  'max-block-ms': integer('ms', 'How long to look for brokers; 60000 when left out.'),
  'max-partition-memory-bytes': integer('bytes', 'The same as --batch-size.'),
  'message-send-max-retries': integer('count', 'Accepted; delivery.timeout.ms is the limit.'),
  'retry-backoff-ms': integer('ms', 'Accepted; waits between attempts double from 100 ms.'),
  'metadata-expiry-ms': integer('ms', 'How long to believe where partitions are.'),
  'socket-buffer-size': integer('bytes', 'Accepted; the system chooses.'),
  ...HELP_OPTIONS,
} as const

type ProducerToolOptions = Options<NamesOf<typeof OPTIONS>>

const MAX_UNSENT_BYTES = 16 * 1024 * 1024
/** What a record on its way takes besides its bytes. */
const RECORD_OVERHEAD = 1000
const STANDARD_READERS: ReadonlySet<string> = new Set([
  'kafka.tools.ConsoleProducer$LineMessageReader',
  'org.apache.kafka.tools.LineMessageReader',
])

export const consoleProducerCommand = tool({
  description: 'Sends the lines of standard input to a topic, each as a record.',
  options: OPTIONS,
  needsArguments: true,
  run,
})

async function run(options: ProducerToolOptions, streams: CommandStreams): Promise<number> {
  const topic = required(options, 'topic')
  const bootstrap = options.text('bootstrap-server') ?? options.text('broker-list')
  if (bootstrap === undefined)
    throw new UsageProblem('Missing required option(s) [bootstrap-server]')
  const reader = options.text('line-reader')
  if (reader !== undefined && !STANDARD_READERS.has(reader)) {
    throw new ToolFailure(`--line-reader ${reader}: only the standard reader is there`)
  }
  const properties = producerProperties(options)
  const settings = producerOptions(options, properties)
  return withClient(bootstrap, properties, (client) =>
    sendLines(client, settings, lineSource(topic, options), options.has('sync'), streams),
  )
}

function lineSource(topic: string, options: ProducerToolOptions): (line: Buffer) => RecordToSend {
  const file = options.text('reader-config')
  const properties = new Map([
    ...(file === undefined ? [] : readPropertiesFile(file)),
    ...parsePairs(options.texts('property')),
  ])
  try {
    return lineReader(topic, properties)
  } catch (error) {
    if (!(error instanceof LineProblem)) throw error
    throw new ToolFailure(`org.apache.kafka.common.KafkaException: ${error.message}`, {
      cause: error,
    })
  }
}

/** Options that are settings by another name. */
const SETTINGS = {
  'request-required-acks': 'acks',
  'request-timeout-ms': 'request.timeout.ms',
  timeout: 'linger.ms',
  'max-memory-bytes': 'buffer.memory',
  'max-block-ms': 'max.block.ms',
  'max-partition-memory-bytes': 'batch.size',
  'batch-size': 'batch.size',
} as const

function producerProperties(options: ProducerToolOptions): Properties {
  const file = options.text('producer.config')
  const properties = new Map([
    ['client.id', 'console-producer'],
    ...(file === undefined ? [] : readPropertiesFile(file)),
    ...parsePairs(options.texts('producer-property')),
  ])
  for (const [option, setting] of entriesOf(SETTINGS)) {
    const value = options.text(option)
    if (value !== undefined) properties.set(setting, value)
  }
  if (options.has('compression-codec')) {
    properties.set('compression.type', options.text('compression-codec') ?? 'gzip')
  }
  return properties
}

function entriesOf<Key extends string>(record: Record<Key, string>): [Key, string][]
function entriesOf(record: Record<string, string>): [string, string][] {
  return Object.entries(record)
}

function producerOptions(options: ProducerToolOptions, properties: Properties): ProducerOptions {
  const acks = readAcks(properties.get('acks') ?? 'all')
  return {
    acks,
    idempotent: properties.get('enable.idempotence') !== 'false' && acks === -1,
    compression: readCompression(properties.get('compression.type') ?? 'none'),
    lingerMs: options.has('sync') ? 0 : wholeNumber(properties, 'linger.ms'),
    batchBytes: wholeNumber(properties, 'batch.size'),
    bufferBytes: wholeNumber(properties, 'buffer.memory'),
    requestTimeoutMs: wholeNumber(properties, 'request.timeout.ms'),
    deliveryTimeoutMs: wholeNumber(properties, 'delivery.timeout.ms'),
  }
}

function readAcks(text: string): -1 | 0 | 1 {
  if (text === 'all' || text === '-1') return -1
  if (text === '0') return 0
  if (text === '1') return 1
  throw new ToolFailure(
    `Invalid value ${text} for configuration acks: String must be one of: all, -1, 0, 1`,
  )
}

function readCompression(name: string): Compression {
  switch (name) {
    case 'none':
    case 'gzip':
    case 'snappy':
    case 'lz4':
    case 'zstd':
      return Compression[name]
    default:
      throw new ToolFailure(`Unknown compression name: ${name}`)
  }
}

async function sendLines(
  client: KafkaClient,
  settings: ProducerOptions,
  toRecord: (line: Buffer) => RecordToSend,
  sync: boolean,
  streams: CommandStreams,
): Promise<number> {
  const producer = new Producer(client, settings)
  const unsent = new Unsent((record, error) => {
    streams.stderr.write(failureOf(record, error))
  })
  const prompt = 'isTTY' in streams.stdin && streams.stdin.isTTY === true ? '>' : ''
  let exitCode = 0
  try {
    streams.stdout.write(prompt)
    for await (const lines of inputLines(streams.stdin)) {
      for (const line of lines) {
        const record = toRecord(line)
        const sent = unsent.track(record, producer.send(record))
        if (sync) await sent
      }
      streams.stdout.write(prompt)
      await unsent.below(MAX_UNSENT_BYTES)
    }
  } catch (error) {
    if (!(error instanceof LineProblem)) throw error
    streams.stderr.write(`org.apache.kafka.common.KafkaException: ${error.message}\n`)
    exitCode = 1
  }
  await producer.close()
  return exitCode
}

/** Counts what is on its way, so that the input can wait for it. */
class Unsent {
  readonly #onFailure: (record: RecordToSend, error: KafkaError) => void
  #bytes = 0
  #limit = 0
  #wake: (() => void) | undefined

  constructor(onFailure: (record: RecordToSend, error: KafkaError) => void) {
    this.#onFailure = onFailure
  }

  /** Resolves when the record is through, whatever became of it. */
  track(record: RecordToSend, sent: Promise<unknown>): Promise<void> {
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0) + RECORD_OVERHEAD
    this.#bytes += bytes
    return sent.then(
      () => this.#finish(bytes),
      (error: unknown) => {
        this.#finish(bytes)
        if (!(error instanceof KafkaError)) throw error
        this.#onFailure(record, error)
      },
    )
  }

  #finish(bytes: number): void {
    this.#bytes -= bytes
    if (this.#bytes <= this.#limit) this.#wake?.()
  }

  /** Once above `limit`, resolves when half of it is left. */
  async below(limit: number): Promise<void> {
    if (this.#bytes <= limit) return
    this.#limit = limit / 2
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

function failureOf(record: RecordToSend, error: KafkaError): string {
  const size = (bytes: Buffer | null | undefined): string =>
    bytes === null || bytes === undefined ? 'null' : `${bytes.length} bytes`
  const cause =
    error.code === Errors.UNKNOWN_TOPIC_OR_PARTITION
      ? describeError(
          Errors.REQUEST_TIMED_OUT,
          `Topic ${record.topic} not present in metadata after 60000 ms.`,
        )
      : describeKafkaError(error)
  const message = `Error when sending message to topic ${record.topic} with key: ${size(record.key)}, value: ${size(record.value)} with error:`
  const source = 'org.apache.kafka.clients.producer.internals.ErrorLoggingCallback'
  return `${logLine('ERROR', message, source)}${cause}\n`
}
