// How many requests of each API came, and how long they took: Kafka's RequestMetrics. Hot: one
// lookup, one count and one bucket a request.
import type { Histogram } from '../telemetry/histogram.ts'
import type { Counter, Metrics } from '../telemetry/metrics.ts'
import { apis } from '../wire/messages/all.ts'
import type { InboundRequest } from './inbound-request.ts'

const PREFIX = 'kafka_network_requestmetrics'

class ApiMetrics {
  readonly totalTimeMs: Histogram
  readonly requestBytes: Histogram
  readonly #metrics: Metrics
  readonly #name: string
  readonly #byVersion: Counter[] = []

  constructor(metrics: Metrics, name: string) {
    this.#metrics = metrics
    this.#name = name
    this.totalTimeMs = metrics.histogram(`${PREFIX}_totaltimems`, { request: name })
    this.requestBytes = metrics.histogram(`${PREFIX}_requestbytes`, { request: name })
  }

  requests(version: number): Counter {
    const known = this.#byVersion[version]
    if (known !== undefined) return known
    const labels = { request: this.#name, version }
    const counter = this.#metrics.counter(`${PREFIX}_requests_total`, labels)
    this.#byVersion[version] = counter
    return counter
  }
}

export class RequestMetrics {
  readonly #metrics: Metrics
  readonly #byKey: ApiMetrics[] = []

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  /** The answer, or the decision to give none, is on its way; `nowMs` is the monotonic clock. */
  onAnswered(request: InboundRequest, nowMs: number): void {
    const api = this.#byKey[request.apiKey] ?? this.#add(request.apiKey)
    api.requests(request.apiVersion).value += 1
    api.totalTimeMs.record(nowMs - request.receivedMs)
    api.requestBytes.record(request.body.length)
  }

  #add(apiKey: number): ApiMetrics {
    const added = new ApiMetrics(this.#metrics, apis.get(apiKey)?.name ?? String(apiKey))
    this.#byKey[apiKey] = added
    return added
  }
}
