// What an administrator asks of a cluster, in terms of topics and settings instead of requests.
// Answers are given per topic or resource, as brokers give them; a failure of the whole question
// rejects with KafkaError.
import { Errors, KafkaError } from '../wire/errors.ts'
import { ListOffsets } from '../wire/messages/02-list-offsets.ts'
import { CreateTopics } from '../wire/messages/19-create-topics.ts'
import type { CreateTopicsResponse } from '../wire/messages/19-create-topics.ts'
import { DeleteTopics } from '../wire/messages/20-delete-topics.ts'
import type { DeleteTopicsResponse } from '../wire/messages/20-delete-topics.ts'
import { DeleteRecords } from '../wire/messages/21-delete-records.ts'
import { DescribeConfigs } from '../wire/messages/32-describe-configs.ts'
import type { DescribeConfigsResponse } from '../wire/messages/32-describe-configs.ts'
import { CreatePartitions } from '../wire/messages/37-create-partitions.ts'
import type { CreatePartitionsResponse } from '../wire/messages/37-create-partitions.ts'
import { IncrementalAlterConfigs } from '../wire/messages/44-incremental-alter-configs.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { KafkaClient } from './kafka-client.ts'
import { askLeaders, byTopic } from './partition-leaders.ts'
import type { PartitionOutcome, TopicPartition } from './partition-leaders.ts'
import { topicsOf } from './topic-metadata.ts'
import type { TopicMetadata } from './topic-metadata.ts'

/** A topic to create: by counts (-1: the broker's default), or by replicas per partition. */
export interface NewTopic {
  readonly name: string
  readonly partitions?: number | undefined
  readonly replicationFactor?: number | undefined
  /** Brokers of each partition, the preferred leader first. */
  readonly assignments?: readonly (readonly number[])[] | undefined
  readonly configs?: Readonly<Record<string, string>> | undefined
}

export interface OperationOptions {
  /** What a broker may take; 60 s when left out. */
  readonly timeoutMs?: number | undefined
  readonly validateOnly?: boolean | undefined
}

/** Kinds of resource that have settings. */
export const ResourceType = { topic: 2, broker: 4, brokerLogger: 8 } as const

/** Something that has settings: a topic by name, a broker by id ('' for all brokers' default). */
export interface ConfigResource {
  readonly type: number
  readonly name: string
}

export const ConfigOperation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/** Places in a log that have no timestamp. */
export const OffsetSpec = { latest: -1, earliest: -2, maxTimestamp: -3 } as const

export interface OffsetOutcome extends PartitionOutcome {
  /** -1 when there is no such offset. */
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

export interface DeletedRecords extends PartitionOutcome {
  readonly lowWatermark: number
}

const TIMEOUT_MS = 60_000
/** A client waits longer than a broker does, to hear of the broker's timeout. */
const MARGIN_MS = 5000
const NO_REPLICA = -1

export class Admin {
  readonly client: KafkaClient

  constructor(client: KafkaClient) {
    this.client = client
  }

  /** Names of all topics, internal ones too when asked for. */
  async listTopics(internal = false): Promise<string[]> {
    const topics = topicsOf(await this.client.retry(() => this.client.refresh(null)))
    const wanted = topics.filter((topic) => internal || !topic.isInternal)
    return wanted.map(({ name }) => name).sort()
  }

  /** Topics by name; one that does not exist has its error. */
  async describeTopics(names: readonly string[]): Promise<TopicMetadata[]> {
    return topicsOf(await this.client.retry(() => this.client.refresh(names)))
  }

  async createTopics(
    topics: readonly NewTopic[],
    options: OperationOptions = {},
  ): Promise<CreateTopicsResponse['topics']> {
    const { timeoutMs = TIMEOUT_MS, validateOnly = false } = options
    const question = { topics: topics.map(newTopicFields), timeoutMs, validateOnly }
    const { topics: outcomes } = await this.client.callController(
      CreateTopics,
      question,
      (response) => firstError(response.topics),
      { timeoutMs: timeoutMs + MARGIN_MS },
    )
    for (const { name } of topics) this.client.forgetTopic(name)
    return outcomes
  }

  async deleteTopics(
    names: readonly string[],
    options: OperationOptions = {},
  ): Promise<DeleteTopicsResponse['responses']> {
    const { timeoutMs = TIMEOUT_MS } = options
    const topics = names.map((name) => ({ name, topicId: ZERO_UUID }))
    const { responses } = await this.client.callController(
      DeleteTopics,
      { topics, topicNames: names, timeoutMs },
      (response) => firstError(response.responses),
      { timeoutMs: timeoutMs + MARGIN_MS },
    )
    for (const name of names) this.client.forgetTopic(name)
    return responses
  }

  /** Raises a topic to `count` partitions, `assignments` giving the brokers of the new ones. */
  async createPartitions(
    name: string,
    count: number,
    options: OperationOptions & { assignments?: readonly (readonly number[])[] } = {},
  ): Promise<CreatePartitionsResponse['results']> {
    const { timeoutMs = TIMEOUT_MS, validateOnly = false } = options
    const assignments = options.assignments?.map((brokerIds) => ({ brokerIds })) ?? null
    const { results } = await this.client.callController(
      CreatePartitions,
      { topics: [{ name, count, assignments }], timeoutMs, validateOnly },
      (response) => firstError(response.results),
      { timeoutMs: timeoutMs + MARGIN_MS },
    )
    this.client.forgetTopic(name)
    return results
  }

  /** All settings of a resource. Rejects with the error that the broker gives for it. */
  async describeConfigs(
    resource: ConfigResource,
    options: { synonyms?: boolean; documentation?: boolean } = {},
  ): Promise<DescribeConfigsResponse['results'][number]['configs']> {
    const question = {
      resources: [{ resourceType: resource.type, resourceName: resource.name }],
      includeSynonyms: options.synonyms ?? false,
      includeDocumentation: options.documentation ?? false,
    }
    const broker = brokerOf(resource)
    const { results } = await this.client.retry(() =>
      broker === undefined
        ? this.client.call(DescribeConfigs, question)
        : this.client.node(broker).call(DescribeConfigs, question),
    )
    const [result] = results
    if (result === undefined) throw new KafkaError(Errors.UNKNOWN_SERVER_ERROR)
    throwIfError(result)
    return result.configs
  }

  /** Changes single settings; `value` null for a deletion. */
  async alterConfigs(
    resource: ConfigResource,
    changes: readonly { name: string; operation: number; value: string | null }[],
    options: OperationOptions = {},
  ): Promise<void> {
    const configs = changes.map(({ name, operation, value }) => ({
      name,
      configOperation: operation,
      value,
    }))
    const question = {
      resources: [{ resourceType: resource.type, resourceName: resource.name, configs }],
      validateOnly: options.validateOnly ?? false,
    }
    const broker = brokerOf(resource)
    const response = await this.client.retry(() =>
      broker === undefined
        ? this.client.call(IncrementalAlterConfigs, question)
        : this.client.node(broker).call(IncrementalAlterConfigs, question),
    )
    for (const outcome of response.responses) throwIfError(outcome)
  }

  /** Offsets at a timestamp each, or at one of `OffsetSpec`. */
  async listOffsets(
    partitions: readonly (TopicPartition & { timestamp: number })[],
    isolationLevel = 0,
  ): Promise<OffsetOutcome[]> {
    const outcomes = await askLeaders(this.client, partitions, async (leader, items) => {
      const topics = byTopic(items).map((group) => ({
        name: group.topic,
        partitions: group.items.map(({ partition, timestamp }) => ({
          partitionIndex: partition,
          timestamp,
        })),
      }))
      const question = { replicaId: NO_REPLICA, isolationLevel, topics }
      const response = await this.client.node(leader).call(ListOffsets, question, { min: 1 })
      return response.topics.flatMap(({ name, partitions: found }) =>
        found.map(({ partitionIndex, ...rest }) => ({
          topic: name,
          partition: partitionIndex,
          ...rest,
        })),
      )
    })
    const nothing = { offset: -1, timestamp: -1, leaderEpoch: -1 }
    return outcomes.map((outcome) => ({ ...nothing, ...outcome }))
  }

  /** Deletes what lies before an offset each (-1: before the high watermark). */
  async deleteRecords(
    partitions: readonly (TopicPartition & { offset: number })[],
    options: OperationOptions = {},
  ): Promise<DeletedRecords[]> {
    const { timeoutMs = TIMEOUT_MS } = options
    const outcomes = await askLeaders(this.client, partitions, async (leader, items) => {
      const topics = byTopic(items).map((group) => ({
        name: group.topic,
        partitions: group.items.map(({ partition, offset }) => ({
          partitionIndex: partition,
          offset,
        })),
      }))
      const bounds = { timeoutMs: timeoutMs + MARGIN_MS }
      const link = this.client.node(leader)
      const response = await link.call(DeleteRecords, { topics, timeoutMs }, bounds)
      return response.topics.flatMap(({ name, partitions: found }) =>
        found.map(({ partitionIndex, lowWatermark, errorCode }) => ({
          topic: name,
          partition: partitionIndex,
          lowWatermark,
          errorCode,
        })),
      )
    })
    return outcomes.map((outcome) => ({ lowWatermark: -1, ...outcome }))
  }
}

const NO_COUNT = -1

function newTopicFields(topic: NewTopic) {
  const { name, assignments = [], configs = {} } = topic
  const given = assignments.length > 0
  return {
    name,
    numPartitions: given ? NO_COUNT : (topic.partitions ?? NO_COUNT),
    replicationFactor: given ? NO_COUNT : (topic.replicationFactor ?? NO_COUNT),
    assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  }
}

/** The broker that must be asked about its own settings; undefined when any will do. */
function brokerOf(resource: ConfigResource): number | undefined {
  const { type, name } = resource
  const isOwn = type === ResourceType.broker || type === ResourceType.brokerLogger
  return isOwn && name !== '' ? Number(name) : undefined
}

function firstError(outcomes: readonly { readonly errorCode: number }[]): number {
  return outcomes[0]?.errorCode ?? Errors.NONE
}

function throwIfError(outcome: { errorCode: number; errorMessage: string | null }): void {
  if (outcome.errorCode === Errors.NONE) return
  throw new KafkaError(outcome.errorCode, outcome.errorMessage ?? undefined)
}
