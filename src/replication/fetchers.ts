// All fetchers of a broker: `num.replica.fetchers` for each leader, each with its share of the
// partitions that are followed there. A fetcher without partitions is closed.
import { Errors } from '../wire/errors.ts'
import { Fetcher } from './fetcher.ts'
import type { Partition } from './partition.ts'
import type { ReplicasOptions } from './replicas-options.ts'
import { ReplicationThrottle } from './replication-throttle.ts'
import type { ThrottleSide } from './replication-throttle.ts'

export interface FetcherEvents {
  onFetched(bytes: number): void
}

export class Fetchers {
  readonly leaderThrottle: ReplicationThrottle
  readonly #options: ReplicasOptions
  readonly #events: FetcherEvents
  readonly #followerThrottle: ReplicationThrottle
  readonly #fetchers = new Map<string, Fetcher>()
  readonly #homes = new Map<Partition, { key: string; fetcher: Fetcher }>()
  readonly #failed = new Set<Partition>()
  #closed = false

  constructor(options: ReplicasOptions, events: FetcherEvents) {
    const { platform, brokerId, config } = options
    this.#options = options
    this.#events = events
    const throttle = (side: ThrottleSide) =>
      new ReplicationThrottle({
        clock: platform.clock,
        side,
        brokerId,
        bytesPerSecond: () => options.throttleRate?.(side) ?? Infinity,
        windows: config.get('replication.quota.window.num'),
        windowMs: config.get('replication.quota.window.size.seconds') * 1000,
      })
    this.leaderThrottle = throttle('leader')
    this.#followerThrottle = throttle('follower')
  }

  /** Partitions that cannot be fetched until the controller speaks of them again. */
  get failedCount(): number {
    return this.#failed.size
  }

  get maxLag(): number {
    let lag = 0
    for (const fetcher of this.#fetchers.values()) lag = Math.max(lag, fetcher.maxLag)
    return lag
  }

  /** Begins to copy from the partition's leader, anew if it was copied before. */
  follow(partition: Partition): void {
    this.remove(partition)
    if (this.#closed || partition.leader < 0) return
    const key = `${partition.leader}-${this.#share(partition)}`
    let fetcher = this.#fetchers.get(key)
    if (fetcher === undefined) {
      fetcher = this.#start(partition.leader)
      this.#fetchers.set(key, fetcher)
    }
    fetcher.add(partition)
    this.#homes.set(partition, { key, fetcher })
  }

  remove(partition: Partition): void {
    this.#failed.delete(partition)
    const home = this.#homes.get(partition)
    if (home === undefined) return
    this.#homes.delete(partition)
    home.fetcher.remove(partition)
    if (home.fetcher.size > 0) return
    this.#fetchers.delete(home.key)
    void home.fetcher.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#fetchers.values()].map((fetcher) => fetcher.close()))
    this.#fetchers.clear()
    this.#homes.clear()
  }

  #share(partition: Partition): number {
    const count = this.#options.config.get('num.replica.fetchers')
    let hash = 0
    for (let at = 0; at < partition.topic.length; at += 1) {
      hash = (Math.imul(31, hash) + partition.topic.charCodeAt(at)) | 0
    }
    return Math.abs((Math.imul(31, hash) + partition.index) | 0) % count
  }

  #start(leaderId: number): Fetcher {
    const { config, platform, logger, leaders, brokerId, brokerEpoch } = this.#options
    return new Fetcher({
      leaderId,
      endpoint: leaders.connect(leaderId),
      clock: platform.clock,
      logger,
      throttle: this.#followerThrottle,
      settings: () => ({
        brokerId,
        brokerEpoch: brokerEpoch(),
        maxWaitMs: config.get('replica.fetch.wait.max.ms'),
        minBytes: config.get('replica.fetch.min.bytes'),
        maxBytes: config.get('replica.fetch.response.max.bytes'),
        partitionMaxBytes: config.get('replica.fetch.max.bytes'),
      }),
      backoffMs: () => config.get('replica.fetch.backoff.ms'),
      onFailed: (partition, error) => {
        this.#homes.delete(partition)
        this.#failed.add(partition)
        const name = `${partition.topic}-${partition.index}`
        if (error === Errors.FENCED_LEADER_EPOCH) {
          logger.info(`The leader of ${name} has a newer epoch: waiting for the controller's word`)
        } else logger.error(`No longer fetching ${name}: error ${error}`)
      },
      onFetched: (bytes) => this.#events.onFetched(bytes),
    })
  }
}
