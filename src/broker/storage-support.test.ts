// A whole broker with a client on one simulated machine, for tests of what its disks do to it.
import { Admin } from '../client/admin.ts'
import { KafkaClient } from '../client/kafka-client.ts'
import type { Api } from '../codec/api.ts'
import { topicSetting } from '../config/topic-settings.ts'
import { startBroker, type TestBroker } from '../testing/start-broker.ts'
import { simulatedPlatform, type SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Fetch } from '../wire/messages/01-fetch.ts'
import { Produce } from '../wire/messages/00-produce.ts'
import { Metadata } from '../wire/messages/03-metadata.ts'
import { DescribeLogDirs } from '../wire/messages/35-describe-log-dirs.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import { Compression } from '../wire/records/compression.ts'
import { lastOffset, sizeInBytes } from '../wire/records/batch.ts'
import { readRecords, type DecodedRecord } from '../wire/records/read-records.ts'

export const DIRECTORIES = ['/d1', '/d2'] as const
export const BROKER_ID = 1

/** A topic, one broker, or all brokers. */
export const SCOPES = ['topic', 'broker', 'cluster'] as const
export type Scope = (typeof SCOPES)[number]

/** The broker's name of the default of a topic's setting. */
export function brokerNameOf(setting: string): string {
  const names = topicSetting(setting)?.synonyms.map(({ name }) => name) ?? []
  // Times have synonyms in other units.
  return names.find((name) => name.endsWith('.ms')) ?? names[0] ?? setting
}

export interface ToProduce {
  readonly partition?: number
  readonly acks?: number
  readonly timestamp?: number
  readonly key?: string
  readonly compression?: Compression
}

export class StorageWorld {
  readonly platform: SimulatedPlatform
  readonly broker: TestBroker
  readonly client: KafkaClient
  readonly admin: Admin

  /** Where `alter` sets what it is given. */
  scope: Scope = 'topic'

  private constructor(platform: SimulatedPlatform, broker: TestBroker, client: KafkaClient) {
    this.platform = platform
    this.broker = broker
    this.client = client
    this.admin = new Admin(client)
  }

  static async start(
    settings: Readonly<Record<string, string>> = {},
    platform = simulatedPlatform({ seed: 4 }),
  ): Promise<StorageWorld> {
    const { clock } = platform
    const broker = await clock.resolve(
      startBroker({
        platform,
        directory: '/broker',
        settings: { 'log.dirs': DIRECTORIES.join(','), ...settings },
      }),
    )
    const client = await clock.resolve(
      KafkaClient.connect({ platform, bootstrap: broker.bootstrap, clientId: 'test' }),
    )
    return new StorageWorld(platform, broker, client)
  }

  /** Advances time until it is done. */
  do<Value>(work: Promise<Value>): Promise<Value> {
    return this.platform.clock.resolve(work)
  }

  advance(spanMs: number): Promise<void> {
    return this.platform.clock.advance(spanMs)
  }

  call<Q, QI, S, SI>(api: Api<Q, QI, S, SI>, value: QI, max?: number): Promise<S> {
    const bounds = max === undefined ? {} : { max }
    return this.do(this.client.node(BROKER_ID).call(api, value, bounds))
  }

  async create(name: string, partitions = 1, configs: Record<string, string> = {}): Promise<void> {
    await this.do(this.admin.createTopics([{ name, partitions, replicationFactor: 1, configs }]))
  }

  /** Sets settings of a topic, on the topic or as a default of its broker. */
  async alter(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const operations = Object.entries(settings).map(([setting, value]) => ({
      name: this.scope === 'topic' ? setting : brokerNameOf(setting),
      operation: 0,
      value,
    }))
    const resource =
      this.scope === 'topic'
        ? { type: 2, name }
        : { type: 4, name: this.scope === 'broker' ? String(BROKER_ID) : '' }
    await this.do(this.admin.alterConfigs(resource, operations))
    await this.advance(10)
  }

  /** Appends one record in a batch of its own. */
  produce(topic: string, value: string | Buffer | null, how: ToProduce = {}) {
    return this.do(this.send(topic, value, how))
  }

  /** The same, without moving time on. */
  async send(topic: string, value: string | Buffer | null, how: ToProduce = {}) {
    const records = buildBatch({
      records: [
        {
          key: how.key === undefined ? null : Buffer.from(how.key),
          value: value === null ? null : Buffer.from(value),
          timestamp: how.timestamp ?? this.platform.clock.nowMs(),
        },
      ],
      compression: how.compression ?? Compression.none,
    })
    const { responses } = await this.client.node(BROKER_ID).call(Produce, {
      transactionalId: null,
      acks: how.acks ?? -1,
      timeoutMs: 5_000,
      topicData: [{ name: topic, partitionData: [{ index: how.partition ?? 0, records }] }],
    })
    return responses[0]!.partitionResponses[0]!
  }

  async fetch(topic: string, partition = 0, fetchOffset = 0) {
    const { responses } = await this.call(
      Fetch,
      {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1 << 20,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
        forgottenTopicsData: [],
        rackId: '',
      },
      12,
    )
    const answer = responses[0]!.partitions[0]!
    return { error: answer.errorCode, records: answer.records ?? Buffer.alloc(0) }
  }

  /** All values of a partition from an offset on. */
  async values(topic: string, partition = 0, fetchOffset = 0): Promise<string[]> {
    const records = await this.records(topic, partition, fetchOffset)
    return records.map(({ value }) => String(value))
  }

  /** All offsets of a partition. */
  async offsets(topic: string): Promise<number[]> {
    return (await this.records(topic)).map(({ offset }) => offset)
  }

  async records(topic: string, partition = 0, fetchOffset = 0): Promise<DecodedRecord[]> {
    const found: DecodedRecord[] = []
    for (let next = fetchOffset; ;) {
      const { records } = await this.fetch(topic, partition, next)
      if (records.length === 0) return found
      for (let at = 0; at < records.length; at += sizeInBytes(records, at)) {
        found.push(...readRecords(records, at))
        next = lastOffset(records, at) + 1
      }
    }
  }

  async metadata(topic: string) {
    const { topics } = await this.call(Metadata, {
      topics: [{ name: topic }],
      allowAutoTopicCreation: false,
    })
    return topics[0]!.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex)
  }

  async logDirs() {
    return (await this.call(DescribeLogDirs, { topics: null })).results
  }

  /** The log directory that a partition lies in. */
  async directoryOf(topic: string, partition = 0): Promise<string | undefined> {
    const found = (await this.logDirs()).find(({ topics }) =>
      topics.some(
        ({ name, partitions }) =>
          name === topic &&
          partitions.some((it) => it.partitionIndex === partition && !it.isFutureKey),
      ),
    )
    return found?.logDir
  }

  /** Every change below the directory fails from now on. */
  breakDirectory(path: string, code = 'EIO'): void {
    const failing = ['write', 'sync', 'open', 'rename', 'remove', 'syncDirectory'] as const
    for (const operation of failing) {
      this.platform.disk.faults.failNext(operation, code, { path: `${path}/`, times: Infinity })
    }
  }

  async stop(): Promise<void> {
    this.client.close()
    await this.do(this.broker.broker.close())
  }
}
