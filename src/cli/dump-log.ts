// `ottla dump-log`, Kafka's kafka-dump-log.sh: what is in the files of a partition, read from disk
// while no broker is needed.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import {
  dumpFiles,
  type DumpIndexOptions,
  type DumpLogOptions,
  type FileReader,
} from '../log/dump.ts'
import { decoderOf, describeGroupRecord, describeTransactionRecord } from './dump-decoders.ts'
import { UsageError, type CommandStreams } from './command.ts'
import { HELP_OPTIONS, flag, integer, optionalText, text, type Options } from './options.ts'
import { Output } from './output.ts'
import { UsageProblem, required, tool, type NamesOf } from './tool.ts'

const OPTIONS = {
  files: text('file,…', 'REQUIRED: .log, .index, .timeindex, .txnindex and .snapshot files.'),
  'print-data-log': flag('Print keys and values, too.'),
  'deep-iteration': flag('Print each record, not only each batch.'),
  'skip-record-metadata': flag('Leave out offset, sizes and times of records.'),
  'index-sanity-check': flag('Only check what a broker checks when it starts.'),
  'verify-index-only': flag('Only check that an index agrees with its log.'),
  'max-bytes': integer('bytes', 'Stop after so many bytes of batches; everything when left out.'),
  'max-message-size': integer('bytes', 'How much of a log to read at once to check an index.'),
  'key-decoder-class': optionalText('class', 'StringDecoder, LongDecoder or IntegerDecoder.'),
  'value-decoder-class': optionalText('class', 'StringDecoder, LongDecoder or IntegerDecoder.'),
  'offsets-decoder': flag('Records are those of __consumer_offsets.'),
  'transaction-log-decoder': flag('Records are those of __transaction_state.'),
  'cluster-metadata-decoder': flag('Not available: logs of controllers without ZooKeeper.'),
  'remote-log-metadata-decoder': flag('Not available: logs of tiered storage.'),
  ...HELP_OPTIONS,
} as const

type DumpOptions = Options<NamesOf<typeof OPTIONS>>

const MISSING_DECODERS = ['cluster-metadata-decoder', 'remote-log-metadata-decoder'] as const
const BATCH_LINES = 500

export const dumpLogCommand = tool({
  description: 'Prints what is in the files of a partition.',
  options: OPTIONS,
  needsArguments: true,
  run,
})

async function run(options: DumpOptions, streams: CommandStreams): Promise<number> {
  const paths = required(options, 'files')
    .split(',')
    .map((path) => path.trim())
  const [decoder] = options.given(MISSING_DECODERS)
  if (decoder !== undefined) throw new UsageProblem(`Option ${decoder} is not available`)
  const opened: number[] = []
  const open = (path: string): FileReader => {
    const file = openReader(path)
    opened.push(file.descriptor)
    return file
  }
  const stdout = new Output(streams.stdout)
  try {
    let lines: string[] = []
    for (const { text: line, isProblem } of dumpFiles(paths, dumpOptions(options), open)) {
      if (isProblem) {
        streams.stderr.write(`${line}\n`)
        continue
      }
      lines.push(`${line}\n`)
      if (lines.length < BATCH_LINES) continue
      await stdout.write(lines.join(''))
      lines = []
      if (stdout.isBroken) return 1
    }
    await stdout.write(lines.join(''))
    return 0
  } finally {
    for (const descriptor of opened) closeSync(descriptor)
  }
}

function dumpOptions(options: DumpOptions): DumpLogOptions & DumpIndexOptions {
  const maxBytes = options.integer('max-bytes')
  const describe = options.has('offsets-decoder')
    ? describeGroupRecord
    : options.has('transaction-log-decoder')
      ? describeTransactionRecord
      : describeWith(options)
  return {
    deepIteration: options.has('deep-iteration'),
    printData:
      options.has('print-data-log') ||
      options.has('offsets-decoder') ||
      options.has('transaction-log-decoder'),
    ...(describe === undefined ? {} : { describe }),
    skipRecordMetadata: options.has('skip-record-metadata'),
    verifyOnly: options.has('verify-index-only'),
    sanityOnly: options.has('index-sanity-check'),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  }
}

/** Undefined: keys and values are text. */
function describeWith(options: DumpOptions): DumpLogOptions['describe'] {
  const decoder = (option: 'key-decoder-class' | 'value-decoder-class') => {
    const name = options.text(option)
    const decode = name === undefined ? undefined : decoderOf(name)
    if (name !== undefined && decode === undefined) {
      throw new UsageProblem(
        `${name} is not available: --${option} is StringDecoder, LongDecoder or IntegerDecoder ` +
          'of org.apache.kafka.tools.api',
      )
    }
    return decode ?? ((bytes: Buffer) => bytes.toString())
  }
  const [key, value] = [decoder('key-decoder-class'), decoder('value-decoder-class')]
  return (record) => ({
    key: record.key === null ? undefined : key(record.key),
    payload: record.value === null ? undefined : value(record.value),
  })
}

function openReader(path: string): FileReader & { readonly descriptor: number } {
  try {
    const descriptor = openSync(path, 'r')
    return {
      path,
      descriptor,
      sizeBytes: fstatSync(descriptor).size,
      read: (position, length) => {
        const buffer = Buffer.alloc(length)
        const bytes = readSync(descriptor, buffer, 0, length, position)
        return buffer.subarray(0, bytes)
      },
    }
  } catch (error) {
    throw new UsageError(
      `Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
