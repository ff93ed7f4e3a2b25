// What replication counts, under the names that the JMX exporter gives Kafka's.
import type { AppendResult } from '../log/log-types.ts'
import { Counter, type Metrics } from '../telemetry/metrics.ts'
import { Errors } from '../wire/errors.ts'
import type { Partition } from './partition.ts'

const TOPICS = 'kafka_server_brokertopicmetrics'
const REPLICAS = 'kafka_server_replicamanager'

/** What the gauges read. */
export interface ReplicationState {
  all(): Iterable<Partition>
  /** Whether a partition of the topic is here. */
  holds(topic: string): boolean
  readonly waitingFetches: number
  readonly waitingProduces: number
  readonly failedPartitions: number
  readonly maxLag: number
  readonly sessions: { readonly size: number; readonly partitionCount: number; evictions: number }
}

/** What is counted of each topic, by the last part of its name. */
const TOPIC_COUNTS = {
  messagesIn: 'messagesin',
  bytesIn: 'bytesin',
  bytesOut: 'bytesout',
  bytesRejected: 'bytesrejected',
  produceRequests: 'totalproducerequests',
  fetchRequests: 'totalfetchrequests',
  failedProduces: 'failedproducerequests',
  failedFetches: 'failedfetchrequests',
} as const
type TopicCount = keyof typeof TOPIC_COUNTS

/** The counters of one topic, or of all together. */
class TopicCounters implements Record<TopicCount, Counter> {
  readonly messagesIn = new Counter()
  readonly bytesIn = new Counter()
  readonly bytesOut = new Counter()
  readonly bytesRejected = new Counter()
  readonly produceRequests = new Counter()
  readonly fetchRequests = new Counter()
  readonly failedProduces = new Counter()
  readonly failedFetches = new Counter()
}

export class ReplicationMetrics {
  readonly #state: ReplicationState
  readonly #total = new TopicCounters()
  readonly #topics = new Map<string, TopicCounters>()
  readonly #isrShrinks: Counter
  readonly #isrExpands: Counter
  readonly #replicationBytesIn: Counter
  readonly #replicationBytesOut: Counter

  constructor(metrics: Metrics, state: ReplicationState) {
    this.#state = state
    this.#publishTopics(metrics)
    this.#isrShrinks = metrics.counter(`${REPLICAS}_isrshrinks_total`)
    this.#isrExpands = metrics.counter(`${REPLICAS}_isrexpands_total`)
    this.#replicationBytesIn = metrics.counter(`${TOPICS}_replicationbytesin_total`)
    this.#replicationBytesOut = metrics.counter(`${TOPICS}_replicationbytesout_total`)
    registerGauges(metrics, state)
  }

  onAppend(topic: string, result: AppendResult, bytes: number): void {
    const ofTopic = this.#countersOf(topic)
    for (const counters of ofTopic) {
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
    const ofTopic = this.#countersOf(topic)
    for (const counters of ofTopic) {
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

  /** Those of all topics, and of this one if it is here: any name can be asked for. */
  #countersOf(topic: string): readonly TopicCounters[] {
    let own = this.#topics.get(topic)
    if (own === undefined) {
      if (!this.#state.holds(topic)) return [this.#total]
      own = new TopicCounters()
      this.#topics.set(topic, own)
    }
    return [this.#total, own]
  }

  /** A topic that has gone is forgotten when somebody asks. */
  #publishTopics(metrics: Metrics): void {
    for (const count of topicCounts) {
      metrics.collect(`${TOPICS}_${TOPIC_COUNTS[count]}_total`, 'counter', (sample) => {
        sample({}, this.#total[count].value)
        for (const [topic, counters] of this.#topics) {
          if (this.#state.holds(topic)) sample({ topic }, counters[count].value)
          else this.#topics.delete(topic)
        }
      })
    }
  }
}

const topicCounts: readonly TopicCount[] = [
  'messagesIn',
  'bytesIn',
  'bytesOut',
  'bytesRejected',
  'produceRequests',
  'fetchRequests',
  'failedProduces',
  'failedFetches',
]

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
