// What a started broker says: where it is, and what to copy to try it.
import type { Broker } from '../broker/broker.ts'
import type { BrokerConfig } from '../config/broker-config.ts'

/** The lines, each ended. */
export function welcome(
  broker: Broker,
  config: BrokerConfig,
  notes: readonly string[],
  isDefault: boolean,
): string {
  const addresses = config.advertisedListeners.map(({ name, host, port }) => {
    const shownHost = host === '' || host === '0.0.0.0' ? 'localhost' : host
    return `${shownHost}:${port === 0 ? broker.port(name) : port}`
  })
  const [bootstrap = ''] = addresses
  const lines = [...notes, `Broker ${broker.brokerId} is ready at ${addresses.join(', ')}`]
  const [zookeeperPort] = broker.zookeeperPorts
  if (zookeeperPort !== undefined)
    lines.push(`ZooKeeper is embedded, at 127.0.0.1:${zookeeperPort}`)
  if (isDefault)
    lines.push(`Data is in ${config.logDirectories.join(', ')}`, ...firstSteps(bootstrap))
  return `${lines.join('\n')}\n`
}

function firstSteps(bootstrap: string): string[] {
  const ottla = commandPrefix()
  return [
    '',
    'A record in:   ' +
      `echo hello | ${ottla} console-producer --bootstrap-server ${bootstrap} --topic greetings`,
    'and out again: ' +
      `${ottla} console-consumer --bootstrap-server ${bootstrap} --topic greetings --from-beginning --max-messages 1`,
    '',
    'Ctrl-C stops it.',
  ]
}

/** From a clone the commands run through npm; from an installed package by their name. */
function commandPrefix(): string {
  return import.meta.url.endsWith('.ts') ? 'npm run -s ottla --' : 'npx ottla'
}
