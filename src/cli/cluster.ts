// `ottla cluster`, Kafka's kafka-cluster.sh: the id of a cluster.
import type { CommandStreams } from './command.ts'
import { FORMAT_OPTION, HELP_OPTIONS, text, type Options } from './options.ts'
import { ToolFailure, printJson, propertiesOf, tool, withClient, type NamesOf } from './tool.ts'

const OPTIONS = {
  'bootstrap-server': text('host:port,…', 'REQUIRED: brokers to ask first.'),
  config: text('file', 'Settings of the client, as key=value lines.'),
  id: text('id', 'With unregister: the broker.'),
  ...FORMAT_OPTION,
  ...HELP_OPTIONS,
} as const

const USAGE = 'usage: kafka-cluster [-h] {cluster-id,unregister} ...'

export const clusterCommand = tool({
  description: `${USAGE}\nPrints the id of a cluster: cluster-id --bootstrap-server host:port`,
  options: OPTIONS,
  run,
})

async function run(
  options: Options<NamesOf<typeof OPTIONS>>,
  streams: CommandStreams,
): Promise<number> {
  const [action] = options.args
  if (action === undefined) {
    throw new ToolFailure(`${USAGE}\nkafka-cluster: error: too few arguments`)
  }
  if (action !== 'cluster-id' && action !== 'unregister') {
    throw new ToolFailure(
      `${USAGE}\nkafka-cluster: error: invalid choice: '${action}' (choose from 'cluster-id', 'unregister')`,
    )
  }
  const bootstrap = options.text('bootstrap-server')
  if (bootstrap === undefined) {
    throw new ToolFailure(
      `usage: kafka-cluster ${action} [-h] [--config CONFIG] --bootstrap-server BOOTSTRAP_SERVER\n` +
        'kafka-cluster: error: --bootstrap-server is required',
    )
  }
  return withClient(bootstrap, propertiesOf(options.text('config')), (client) => {
    if (action === 'unregister') {
      streams.stdout.write('The target cluster does not support the broker unregistration API.\n')
    } else if (options.wantsJson()) printJson(streams, { clusterId: client.clusterId })
    else streams.stdout.write(`Cluster ID: ${client.clusterId}\n`)
    return Promise.resolve(0)
  })
}
