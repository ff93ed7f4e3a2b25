// A client of a whole cluster: finds brokers, the controller, coordinators and leaders, and sends
// each request to the one that can answer it.
//
// Always: one link per broker; what is learned from Metadata is used until an error says otherwise
// or it is too old.
import type { Api } from '../wire/api.ts'
import type { Platform } from '../platform/platform.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { Metadata } from '../wire/messages/03-metadata.ts'
import type { MetadataResponse } from '../wire/messages/03-metadata.ts'
import { FindCoordinator } from '../wire/messages/10-find-coordinator.ts'
import { parseBootstrap } from './bootstrap.ts'
import type { Address } from './bootstrap.ts'
import { BrokerLink } from './broker-link.ts'
import type { LinkOptions, VersionBounds } from './broker-link.ts'
import { withRetries } from './retry.ts'
import type { RetryPolicy } from './retry.ts'
import { TopicCache, topicsOf } from './topic-metadata.ts'
import type { PartitionMetadata, TopicMetadata } from './topic-metadata.ts'

/** What of a platform a client needs. */
export type ClientPlatform = Pick<Platform, 'clock' | 'network' | 'random'>

export interface ClientOptions extends Omit<LinkOptions, 'host' | 'port'> {
  readonly platform: ClientPlatform
  /** `host:port,host:port`; or give `host` and `port`. */
  readonly bootstrap?: string | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly retry?: RetryPolicy | undefined
  /** How long what is known of a topic is believed; 5 min when left out. */
  readonly metadataMaxAgeMs?: number | undefined
}

/** A broker as Metadata names it. */
export interface BrokerAddress extends Address {
  readonly id: number
  readonly rack: string | null
}

/** Who leads a partition instead, as an answer to Produce or Fetch says. */
export interface LeaderHint {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly nodeEndpoints: readonly (Address & {
    readonly nodeId: number
    readonly rack: string | null
  })[]
}

/** Kinds of coordinator. */
export const CoordinatorKind = { group: 0, transaction: 1 } as const
export type CoordinatorKind = (typeof CoordinatorKind)[keyof typeof CoordinatorKind]

const METADATA_MAX_AGE_MS = 300_000
const MAIN_LANE = 'main'
/** For short questions to coordinators; members of groups have lanes of their own. */
const GROUP_LANE = 'group'
const MAX_COORDINATORS = 10_000

export class KafkaClient {
  readonly platform: ClientPlatform
  readonly #options: ClientOptions
  readonly #seeds: BrokerLink[]
  /** By broker id and lane. */
  readonly #links = new Map<string, BrokerLink>()
  readonly #topics: TopicCache
  readonly #coordinators = new Map<string, number>()
  #brokers: readonly BrokerAddress[] = []
  #controllerId = -1
  #clusterId: string | null = null
  #seed = 0
  #lanes = 0

  constructor(options: ClientOptions) {
    this.platform = options.platform
    this.#options = options
    this.#seeds = seedsOf(options).map((address) => this.#link(address))
    this.#topics = new TopicCache(options.metadataMaxAgeMs ?? METADATA_MAX_AGE_MS)
  }

  /** A client that has found the brokers. Rejects with KafkaError when none can be reached. */
  static async connect(options: ClientOptions): Promise<KafkaClient> {
    const client = new KafkaClient(options)
    try {
      await client.refresh([])
      return client
    } catch (error) {
      client.close()
      throw error
    }
  }

  get brokers(): readonly BrokerAddress[] {
    return this.#brokers
  }

  /** -1 when not known. */
  get controllerId(): number {
    return this.#controllerId
  }

  get clusterId(): string | null {
    return this.#clusterId
  }

  /** Sends a request in a given version to any broker. */
  request<Q, QI, S, SI>(api: Api<Q, QI, S, SI>, version: number, value: QI): Promise<S> {
    return this.retry(() => this.#any((link) => link.request(api, version, value)))
  }

  /** Sends a request in the highest common version to any broker. */
  call<Q, QI, S, SI>(api: Api<Q, QI, S, SI>, value: QI, bounds?: VersionBounds): Promise<S> {
    return this.retry(() => this.#any((link) => link.call(api, value, bounds)))
  }

  /**
   * Sends a request to the controller. `errorOf` finds the error that says it is not the controller
   * (any more); it is then looked for again.
   */
  callController<Q, QI, S, SI>(
    api: Api<Q, QI, S, SI>,
    value: QI,
    errorOf: (response: S) => number,
    bounds?: VersionBounds,
  ): Promise<S> {
    return this.retry(async () => {
      if (this.#controllerId < 0) await this.refresh([])
      try {
        const response = await this.node(this.#controllerId).call(api, value, bounds)
        const error = errorOf(response)
        if (error === Errors.NOT_CONTROLLER) throw new KafkaError(error)
        return response
      } catch (error) {
        if (isMoved(error)) this.#controllerId = -1
        throw error
      }
    })
  }

  /**
   * Sends a request to the coordinator of a group or transactional id, and looks for it again when
   * `errorOf` the response says that it has moved or still loads.
   */
  callCoordinator<Q, QI, S, SI>(
    kind: CoordinatorKind,
    key: string,
    api: Api<Q, QI, S, SI>,
    value: QI,
    errorOf: (response: S) => number,
    bounds: VersionBounds & { readonly lane?: string | undefined } = {},
  ): Promise<S> {
    return this.retry(async () => {
      const id = await this.coordinator(kind, key)
      try {
        const link = this.node(id, bounds.lane ?? GROUP_LANE)
        const response = await link.call(api, value, bounds)
        const error = errorOf(response)
        if (isCoordinatorError(error)) throw new KafkaError(error)
        return response
      } catch (error) {
        if (isMoved(error)) this.#coordinators.delete(`${kind} ${key}`)
        throw error
      }
    })
  }

  /** Tries again what fails with a retriable KafkaError, within the limits of the options. */
  retry<T>(attempt: () => Promise<T>): Promise<T> {
    return withRetries(this.platform, this.#options.retry ?? {}, attempt)
  }

  /**
   * The link to a broker. A broker answers the requests of one connection in turn, so what may take
   * long goes by a lane (a connection) of its own. Throws KafkaError LEADER_NOT_AVAILABLE for an id
   * that is not known, as the next Metadata may know it.
   */
  node(id: number, lane: string = MAIN_LANE): BrokerLink {
    const broker = this.#brokers.find((candidate) => candidate.id === id)
    if (broker === undefined) {
      throw new KafkaError(Errors.LEADER_NOT_AVAILABLE, `broker ${id} is not known`)
    }
    const known = this.#links.get(`${id} ${lane}`)
    if (known !== undefined && known.host === broker.host && known.port === broker.port) {
      return known
    }
    known?.close()
    const link = this.#link(broker)
    this.#links.set(`${id} ${lane}`, link)
    return link
  }

  /** The name of a lane that nobody else uses. */
  newLane(): string {
    return `lane-${this.#lanes++}`
  }

  /** Closes the connections of a lane. */
  closeLane(lane: string): void {
    for (const [key, link] of this.#links) {
      if (!key.endsWith(` ${lane}`)) continue
      link.close()
      this.#links.delete(key)
    }
  }

  /** Id of the broker that coordinates a group or a transactional id. */
  async coordinator(kind: CoordinatorKind, key: string): Promise<number> {
    const known = this.#coordinators.get(`${kind} ${key}`)
    if (known !== undefined && this.#brokers.some(({ id }) => id === known)) return known
    const question = { key, keyType: kind, coordinatorKeys: [key] }
    const response = await this.#any((link) => link.call(FindCoordinator, question))
    const found = response.coordinators[0] ?? response
    if (found.errorCode !== Errors.NONE) {
      throw new KafkaError(found.errorCode, found.errorMessage ?? undefined)
    }
    if (!this.#brokers.some(({ id }) => id === found.nodeId)) await this.refresh([])
    if (this.#coordinators.size >= MAX_COORDINATORS) this.#coordinators.clear()
    this.#coordinators.set(`${kind} ${key}`, found.nodeId)
    return found.nodeId
  }

  /** Asks for brokers and, of topics, those named (null: all). Never creates a topic. */
  async refresh(topics: readonly string[] | null): Promise<MetadataResponse> {
    const response = await this.#askMetadata(topics, false)
    this.#brokers = response.brokers.map(({ nodeId, host, port, rack }) => ({
      id: nodeId,
      host,
      port,
      rack,
    }))
    this.#forgetDeparted()
    this.#controllerId = response.controllerId
    this.#clusterId = response.clusterId
    const nowMs = this.platform.clock.monotonicMs()
    for (const topic of topicsOf(response)) this.#topics.put(topic, nowMs)
    return response
  }

  /** A topic's partitions and leaders. Rejects with KafkaError, UNKNOWN_TOPIC_OR_PARTITION say. */
  async topic(name: string): Promise<TopicMetadata> {
    const known = this.#topics.get(name, this.platform.clock.monotonicMs())
    if (known !== undefined) return known
    const response = await this.refresh([name])
    const topic = topicsOf(response).find((candidate) => candidate.name === name)
    const error = topic?.errorCode ?? Errors.UNKNOWN_TOPIC_OR_PARTITION
    if (topic === undefined || error !== Errors.NONE) throw new KafkaError(error)
    return this.#topics.put(topic, this.platform.clock.monotonicMs())
  }

  /** Asks a broker to create a topic that is missing, where brokers are set up to do so. */
  async createMissing(name: string): Promise<void> {
    await this.#askMetadata([name], true)
  }

  /**
   * A partition that has a leader. Rejects with KafkaError LEADER_NOT_AVAILABLE when it has none.
   */
  async partition(topic: string, partition: number): Promise<PartitionMetadata> {
    const { partitions } = await this.topic(topic)
    const found = partitions.find((candidate) => candidate.partition === partition)
    if (found === undefined) throw new KafkaError(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    if (found.leader >= 0) return found
    this.#topics.forget(topic)
    throw new KafkaError(Errors.LEADER_NOT_AVAILABLE)
  }

  /** Forgets what is known of a topic, after an error that says it has changed. */
  forgetTopic(name: string): void {
    this.#topics.forget(name)
  }

  /**
   * What a broker said that no longer leads a partition: who does, and where that broker is
   * (KIP-951). False when it is no news: then Metadata must be asked.
   */
  learnLeader(topic: string, partition: number, hint: LeaderHint): boolean {
    const { leaderId, leaderEpoch, nodeEndpoints } = hint
    const named = nodeEndpoints.find(({ nodeId }) => nodeId === leaderId)
    const others = this.#brokers.filter(({ id }) => id !== leaderId)
    if (named === undefined && others.length === this.#brokers.length) return false
    if (!this.#topics.moveLeader(topic, partition, leaderId, leaderEpoch)) return false
    if (named === undefined) return true
    const { host, port, rack } = named
    this.#brokers = [...others, { id: leaderId, host, port, rack }]
    return true
  }

  close(): void {
    for (const link of [...this.#seeds, ...this.#links.values()]) link.close()
  }

  #forgetDeparted(): void {
    const ids = new Set(this.#brokers.map(({ id }) => String(id)))
    for (const [key, link] of this.#links) {
      if (ids.has(key.slice(0, key.indexOf(' ')))) continue
      link.close()
      this.#links.delete(key)
    }
  }

  #link({ host, port }: Address): BrokerLink {
    return new BrokerLink({ ...this.#options, host, port }, this.platform)
  }

  #askMetadata(names: readonly string[] | null, create: boolean): Promise<MetadataResponse> {
    // In version 0 no topics stands for all of them; nobody speaks only that.
    const topics = names === null ? null : names.map((name) => ({ name }))
    const question = { topics, allowAutoTopicCreation: create }
    return this.#any((link) => link.call(Metadata, question, { min: 1 }))
  }

  /** Tries known brokers, then the addresses that the client started from, until one answers. */
  async #any<T>(ask: (link: BrokerLink) => Promise<T>): Promise<T> {
    const mains = this.#brokers.map(({ id }) => this.#links.get(`${id} ${MAIN_LANE}`))
    const connected = mains.filter((link) => link !== undefined).filter((link) => link.isConnected)
    const candidates = [...connected, ...rotated(this.#seeds, this.#seed++)]
    let last: unknown
    for (const link of candidates) {
      try {
        return await ask(link)
      } catch (error) {
        if (!isUnreachable(error)) throw error
        last = error
      }
    }
    throw last
  }
}

function seedsOf(options: ClientOptions): readonly Address[] {
  const { bootstrap, host, port } = options
  if (bootstrap !== undefined) return parseBootstrap(bootstrap)
  if (host === undefined || port === undefined) {
    throw new Error('a client needs bootstrap, or host and port')
  }
  return [{ host, port }]
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const first = by % Math.max(1, list.length)
  return [...list.slice(first), ...list.slice(0, first)]
}

function isUnreachable(error: unknown): boolean {
  if (!(error instanceof KafkaError)) return false
  return error.code === Errors.NETWORK_EXCEPTION || error.code === Errors.REQUEST_TIMED_OUT
}

function isCoordinatorError(code: number): boolean {
  return (
    code === Errors.NOT_COORDINATOR ||
    code === Errors.COORDINATOR_NOT_AVAILABLE ||
    code === Errors.COORDINATOR_LOAD_IN_PROGRESS
  )
}

function isMoved(error: unknown): boolean {
  if (!(error instanceof KafkaError)) return false
  const { code } = error
  return (
    isUnreachable(error) ||
    code === Errors.NOT_CONTROLLER ||
    code === Errors.NOT_COORDINATOR ||
    code === Errors.COORDINATOR_NOT_AVAILABLE ||
    code === Errors.LEADER_NOT_AVAILABLE
  )
}
