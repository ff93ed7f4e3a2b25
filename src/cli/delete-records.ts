// `ottla delete-records`, Kafka's kafka-delete-records.sh: deletes what lies before an offset.
import { Admin } from '../client/admin.ts'
import { Errors } from '../wire/errors.ts'
import type { CommandStreams } from './command.ts'
import { describeError } from './java-errors.ts'
import { numberOf, readRows, textOf } from './json-file.ts'
import { FORMAT_OPTION, HELP_OPTIONS, text, type Options } from './options.ts'
import {
  ToolFailure,
  printJson,
  propertiesOf,
  required,
  tool,
  withClient,
  type NamesOf,
} from './tool.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  'command-config': text('file', 'Settings of the client, as key=value lines.'),
  'offset-json-file': text(
    'file',
    'REQUIRED: {"partitions": [{"topic": "foo", "partition": 1, "offset": 7}], "version": 1}; offset -1 deletes everything.',
  ),
  ...FORMAT_OPTION,
  ...HELP_OPTIONS,
} as const

export const deleteRecordsCommand = tool({
  description: 'Deletes the records of partitions that lie before an offset.',
  options: OPTIONS,
  needsArguments: true,
  run,
})

async function run(
  options: Options<NamesOf<typeof OPTIONS>>,
  streams: CommandStreams,
): Promise<number> {
  const file = required(options, 'offset-json-file')
  const bootstrap = required(options, 'bootstrap-server')
  const places = readRows(file, 'partitions').map((row) => ({
    topic: textOf(file, row, 'topic'),
    partition: numberOf(file, row, 'partition'),
    offset: numberOf(file, row, 'offset'),
  }))
  const names = places.map(({ topic, partition }) => `${topic}-${partition}`)
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  if (twice.length > 0) {
    throw new ToolFailure(
      `Offset json file contains duplicate topic partitions: ${twice.join(',')}`,
    )
  }
  const isJson = options.wantsJson()
  const properties = propertiesOf(options.text('command-config'))
  await withClient(bootstrap, properties, async (client) => {
    if (!isJson) streams.stdout.write('Executing records delete operation\n')
    const outcomes = await new Admin(client).deleteRecords(places)
    if (isJson) {
      printJson(streams, outcomes)
      return
    }
    const lines = outcomes.map(({ topic, partition, lowWatermark, errorCode }) => {
      const result =
        errorCode === Errors.NONE
          ? `low_watermark: ${lowWatermark}`
          : `error: ${describeError(errorCode)}`
      return `partition: ${topic}-${partition}\t${result}\n`
    })
    streams.stdout.write(`Records delete operation completed:\n${lines.join('')}`)
  })
  return 0
}
