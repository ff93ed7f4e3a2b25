// The numbers of the listeners under the names that dashboards for Kafka know. Kafka has them for
// each network thread; this broker has one, number 0.
import type { Clock } from '../platform/clock.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Listeners } from './listener.ts'
import { RequestMetrics } from './request-metrics.ts'
import { refusalReasons, type TrafficCount } from './traffic.ts'

const PREFIX = 'kafka_server_socket_server_metrics'

const countNames: readonly (readonly [TrafficCount, string])[] = [
  ['bytesIn', 'incoming_byte'],
  ['bytesOut', 'outgoing_byte'],
  ['requests', 'request'],
  ['responses', 'response'],
  ['connectionsOpened', 'connection_creation'],
  ['connectionsClosed', 'connection_close'],
]

/** Publishes the traffic of every listener; to be called once. */
export function publishNetworkMetrics(metrics: Metrics, listeners: Listeners, clock: Clock): void {
  const requestMetrics = new RequestMetrics(metrics)
  for (const [listener, traffic] of listeners.traffic()) {
    traffic.requestMetrics = requestMetrics
    const labels = { listener, networkProcessor: 0 }
    for (const [count, name] of countNames) {
      metrics.gauge(`${PREFIX}_${name}_total`, labels, () => traffic[count])
      metrics.gauge(`${PREFIX}_${name}_rate`, labels, () =>
        traffic.rate(count, clock.monotonicMs()),
      )
    }
    metrics.gauge(`${PREFIX}_connection_count`, labels, () => traffic.openConnections)
    for (const reason of refusalReasons) {
      const of = { listener, reason }
      metrics.gauge('ottla_network_refusals_total', of, () => traffic.refusals.get(reason) ?? 0)
    }
  }
  metrics.gauge('ottla_network_queued_request_bytes', {}, () => listeners.queuedBytes)
}
