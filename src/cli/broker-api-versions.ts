// `ottla broker-api-versions`, Kafka's kafka-broker-api-versions.sh: which requests each broker
// serves, and in which version a client of today would send them.
import type { KafkaClient } from '../client/kafka-client.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { ApiVersions } from '../wire/messages/18-api-versions.ts'
import { apis } from '../wire/messages/all.ts'
import type { CommandStreams } from './command.ts'
import { FORMAT_OPTION, HELP_OPTIONS, text, type Options } from './options.ts'
import { printJson, propertiesOf, required, tool, withClient, type NamesOf } from './tool.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  'command-config': text('file', 'Settings of the client, as key=value lines.'),
  ...FORMAT_OPTION,
  ...HELP_OPTIONS,
} as const

/** Requests that Kafka's tool knows and that brokers with ZooKeeper do not serve. */
const OTHERS: readonly [number, string][] = [
  [55, 'DescribeQuorum'],
  [64, 'UnregisterBroker'],
  [71, 'GetTelemetrySubscriptions'],
  [72, 'PushTelemetry'],
  [74, 'ListClientMetricsResources'],
  [75, 'DescribeTopicPartitions'],
  [76, 'ShareGroupHeartbeat'],
  [77, 'ShareGroupDescribe'],
  [78, 'ShareFetch'],
  [79, 'ShareAcknowledge'],
  [80, 'AddRaftVoter'],
  [81, 'RemoveRaftVoter'],
  [83, 'InitializeShareGroupState'],
  [84, 'ReadShareGroupState'],
  [85, 'WriteShareGroupState'],
  [86, 'DeleteShareGroupState'],
  [87, 'ReadShareGroupStateSummary'],
]

interface Offered {
  readonly min: number
  readonly max: number
}

interface ApiRow {
  readonly key: number
  readonly name: string
  readonly offered: Offered | undefined
  /** The version that a client would use; undefined when there is none in common. */
  readonly usable: number | undefined
}

export const brokerApiVersionsCommand = tool({
  description: 'Prints which requests brokers serve, in which versions.',
  options: OPTIONS,
  needsArguments: true,
  run: async (options: Options<NamesOf<typeof OPTIONS>>, streams: CommandStreams) => {
    const bootstrap = required(options, 'bootstrap-server')
    return withClient(bootstrap, propertiesOf(options.text('command-config')), async (client) => {
      const isJson = options.wantsJson()
      const documents: unknown[] = []
      for (const { id, host, port, rack } of client.brokers.toSorted((a, b) => a.id - b.id)) {
        const rows = await rowsOf(client, id)
        if (isJson) documents.push({ id, host, port, rack, apis: rows.map(asDocument) })
        else {
          const lines = rows.map((row) => `\t${line(row)}`).join(',\n')
          streams.stdout.write(`${host}:${port} (id: ${id} rack: ${rack}) -> (\n${lines}\n)\n`)
        }
      }
      if (isJson) printJson(streams, documents)
      return 0
    })
  },
})

async function rowsOf(client: KafkaClient, broker: number): Promise<ApiRow[]> {
  const answer = await client.node(broker).call(ApiVersions, {
    clientSoftwareName: 'ottla',
    clientSoftwareVersion: '1',
  })
  if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode)
  const offered = new Map<number, Offered>(
    answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [
      apiKey,
      { min: minVersion, max: maxVersion },
    ]),
  )
  const names = new Map<number, string>([
    ...[...apis].map(([key, { name }]): [number, string] => [key, name]),
    ...OTHERS,
  ])
  const keys = [...new Set([...names.keys(), ...offered.keys()])].toSorted((a, b) => a - b)
  return keys.map((key) => {
    const range = offered.get(key)
    return { key, name: names.get(key) ?? 'UNKNOWN', offered: range, usable: usable(key, range) }
  })
}

function usable(key: number, range: Offered | undefined): number | undefined {
  const api = apis.get(key)
  if (range === undefined || api === undefined) return undefined
  const version = Math.min(range.max, api.maxVersion)
  return version >= Math.max(range.min, api.minVersion) ? version : undefined
}

function line({ key, name, offered, usable: version }: ApiRow): string {
  if (offered === undefined) return `${name}(${key}): UNSUPPORTED`
  const { min, max } = offered
  const range = min === max ? String(min) : `${min} to ${max}`
  if (name === 'UNKNOWN') return `${name}(${key}): ${range}`
  return `${name}(${key}): ${range} [${version === undefined ? 'unusable: node too new' : `usable: ${version}`}]`
}

function asDocument({ key, name, offered, usable: version }: ApiRow): unknown {
  return {
    key,
    name,
    minVersion: offered?.min ?? null,
    maxVersion: offered?.max ?? null,
    usable: version ?? null,
  }
}
