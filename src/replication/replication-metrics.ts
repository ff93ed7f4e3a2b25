// What replication counts, under the names that the JMX exporter gives Kafka's.
import type { AppendResult } from '../log/log-types.ts'
import type { Counter, Metrics } from '../telemetry/metrics.ts'
import { Errors } from '../wire/errors.ts'
import type { Partition } from './partition.ts'

const TOPICS = 'kafka_server_brokertopicmetrics'
const REPLICAS = 'kafka_server_replicamanager'

/** What the gauges read. */
export interface ReplicationState {
  all(): Iterable<Partition>
  readonly waitingFetches: number
  readonly waitingProduces: number
  readonly failedPartitions: number
  readonly maxLag: number
  readonly sessions: { readonly size: number; readonly partitionCount: number; evictions: number }
}

/** The counters of one topic, or of all together. */
class TopicCounters {
  readonly messagesIn: Counter
  readonly bytesIn: Counter
  readonly bytesOut: Counter
  readonly bytesRejected: Counter
  readonly produceRequests: Counter
  readonly fetchRequests: Counter
  readonly failedProduces: Counter
  readonly failedFetches: Counter

  constructor(metrics: Metrics, topic: string | undefined) {
    const labels = topic === undefined ? {} : { topic }
    this.messagesIn = metrics.counter(`${TOPICS}_messagesin_total`, labels)
    this.bytesIn = metrics.counter(`${TOPICS}_bytesin_total`, labels)
    this.bytesOut = metrics.counter(`${TOPICS}_bytesout_total`, labels)
    this.bytesRejected = metrics.counter(`${TOPICS}_bytesrejected_total`, labels)
    this.produceRequests = metrics.counter(`${TOPICS}_totalproducerequests_total`, labels)
    this.fetchRequests = metrics.counter(`${TOPICS}_totalfetchrequests_total`, labels)
    this.failedProduces = metrics.counter(`${TOPICS}_failedproducerequests_total`, labels)
    this.failedFetches = metrics.counter(`${TOPICS}_failedfetchrequests_total`, labels)
  }
}

export class ReplicationMetrics {
  readonly #metrics: Metrics
  readonly #total: TopicCounters
  readonly #topics = new Map<string, TopicCounters>()
  readonly #isrShrinks: Counter
  readonly #isrExpands: Counter
  readonly #replicationBytesIn: Counter
  readonly #replicationBytesOut: Counter

  constructor(metrics: Metrics, state: ReplicationState) {
    this.#metrics = metrics
    this.#total = new TopicCounters(metrics, undefined)
    this.#isrShrinks = metrics.counter(`${REPLICAS}_isrshrinks_total`)
    this.#isrExpands = metrics.counter(`${REPLICAS}_isrexpands_total`)
    this.#replicationBytesIn = metrics.counter(`${TOPICS}_replicationbytesin_total`)
    this.#replicationBytesOut = metrics.counter(`${TOPICS}_replicationbytesout_total`)
    registerGauges(metrics, state)
  }

  onAppend(topic: string, result: AppendResult, bytes: number): void {
    const ofTopic = this.#of(topic)
    for (const counters of [this.#total, ofTopic]) {
      counters.produceRequests.value += 1
      if (result.error === Errors.NONE) {
        counters.bytesIn.value += bytes
        counters.messagesIn.value += result.lastOffset - result.firstOffset + 1
        continue
      }
      counters.failedProduces.value += 1
      const tooLarge =
        result.error === Errors.MESSAGE_TOO_LARGE || result.error === Errors.RECORD_LIST_TOO_LARGE
      if (tooLarge) counters.bytesRejected.value += bytes
    }
  }

  /** One partition of an answered fetch. */
  onFetch(topic: string, error: number, bytes: number, isFollower: boolean): void {
    const ofTopic = this.#of(topic)
    for (const counters of [this.#total, ofTopic]) {
      counters.fetchRequests.value += 1
      if (error !== Errors.NONE) counters.failedFetches.value += 1
      if (!isFollower) counters.bytesOut.value += bytes
    }
    if (isFollower) this.#replicationBytesOut.value += bytes
  }

  onReplicated(bytes: number): void {
    this.#replicationBytesIn.value += bytes
  }

  onIsrShrink(): void {
    this.#isrShrinks.value += 1
  }

  onIsrExpand(): void {
    this.#isrExpands.value += 1
  }

  #of(topic: string): TopicCounters {
    let counters = this.#topics.get(topic)
    if (counters === undefined) {
      counters = new TopicCounters(this.#metrics, topic)
      this.#topics.set(topic, counters)
    }
    return counters
  }
}

function registerGauges(metrics: Metrics, state: ReplicationState): void {
  const count = (isCounted: (partition: Partition) => boolean) => () => {
    let total = 0
    for (const partition of state.all()) if (isCounted(partition)) total += 1
    return total
  }
  const gauge = (name: string, read: () => number) => metrics.gauge(name, {}, read)
  gauge(
    `${REPLICAS}_leadercount`,
    count((partition) => partition.isLeader),
  )
  gauge(
    `${REPLICAS}_partitioncount`,
    count(() => true),
  )
  gauge(
    `${REPLICAS}_offlinereplicacount`,
    count((partition) => partition.isOffline),
  )
  gauge(
    `${REPLICAS}_underreplicatedpartitions`,
    count((partition) => partition.isLeader && partition.isr.length < partition.replicas.length),
  )
  gauge(
    `${REPLICAS}_underminisrpartitioncount`,
    count((partition) => partition.isUnderMinIsr),
  )
  gauge(
    `${REPLICAS}_atminisrpartitioncount`,
    count(
      (partition) => partition.isLeader && partition.isr.length === partition.minInSyncReplicas,
    ),
  )
  const sessions = 'kafka_server_fetchsessioncache'
  gauge(`${sessions}_numincrementalfetchsessions`, () => state.sessions.size)
  gauge(`${sessions}_numincrementalfetchpartitionscached`, () => state.sessions.partitionCount)
  gauge('kafka_server_replicafetchermanager_failedpartitionscount', () => state.failedPartitions)
  gauge('kafka_server_replicafetchermanager_maxlag', () => state.maxLag)
  const purgatory = 'kafka_server_delayedoperationpurgatory_numdelayedoperations'
  metrics.gauge(purgatory, { delayedoperation: 'Fetch' }, () => state.waitingFetches)
  metrics.gauge(purgatory, { delayedoperation: 'Produce' }, () => state.waitingProduces)
}
