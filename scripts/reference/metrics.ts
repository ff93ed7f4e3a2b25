// Every metric that is explained, or that a broker without traffic already shows.
import { Broker } from '../../src/broker/broker.ts'
import { BrokerConfig } from '../../src/config/broker-config.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { explainedMetrics, helpOf } from '../../src/telemetry/metric-help.ts'
import { simulatedPlatform } from '../../src/testing/simulated/simulated-world.ts'
import { code, page, table } from './table.ts'

export async function metricsPage(): Promise<string> {
  const names = new Set([...explainedMetrics(), ...(await shownAtStart())])
  const rows = [...names].toSorted().map((name) => [code(name), helpOf(name) ?? ''])
  const about =
    'What `/metrics` on `ottla.http.listeners` shows, in the text format of Prometheus, under the names ' +
    "that the usual rules of the JMX exporter give to Kafka's metrics."
  return page('Metrics', about, table(['Metric', 'What it says'], rows))
}

async function shownAtStart(): Promise<string[]> {
  const platform = simulatedPlatform({ seed: 1 })
  const settings = {
    'broker.id': '1',
    listeners: 'PLAINTEXT://127.0.0.1:9092',
    'log.dirs': '/logs',
  }
  const config = BrokerConfig.parse(new Map(Object.entries(settings)))
  const starting = Broker.start({ config, platform, logger: silentLogger })
  const broker = await platform.clock.resolve(starting)
  const text = broker.metrics.render()
  await platform.clock.resolve(broker.close())
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name)
}
