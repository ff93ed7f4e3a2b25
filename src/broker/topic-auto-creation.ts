// Topics that nobody created explicitly: those that a Metadata request named, and the internal ones
// on first use. One creation per topic is under way at a time.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { Logger } from '../telemetry/logger.ts'
import { errorByCode, Errors } from '../wire/errors.ts'
import type { CreateTopicsRequest } from '../wire/messages/19-create-topics.ts'
import type { ControllerLink } from './controller-link.ts'
import type { InternalTopics, TopicCreation } from './handler-context.ts'

type NewTopic = CreateTopicsRequest['topics'][number]

/** Topics whose creation may be under way at once; what comes on top is told to ask again. */
const MAX_UNDER_WAY = 1000

export interface TopicAutoCreationOptions {
  readonly config: () => BrokerConfig
  readonly metadata: MetadataCache
  readonly controllerLink: ControllerLink
  readonly logger: Logger
}

export class TopicAutoCreation implements TopicCreation, InternalTopics {
  readonly #options: TopicAutoCreationOptions
  readonly #underWay = new Set<string>()
  /** Brokers alive when an internal topic was last found to need more. */
  readonly #warnedAt = new Map<string, number>()

  constructor(options: TopicAutoCreationOptions) {
    this.#options = options
  }

  autoCreate(topic: string): number {
    const { config, metadata } = this.#options
    const spec = newTopic(config(), topic)
    const { brokers } = metadata.image
    // Kafka looks before it asks the controller, so that a client learns that it waits in vain.
    if (brokers.size > 0 && spec.replicationFactor > brokers.size) {
      return Errors.INVALID_REPLICATION_FACTOR
    }
    this.#create(spec)
    return Errors.LEADER_NOT_AVAILABLE
  }

  ensure(topic: string): boolean {
    const { config, metadata } = this.#options
    if (metadata.image.topics.has(topic)) return true
    const spec = newTopic(config(), topic)
    const { size } = metadata.image.brokers
    if (spec.replicationFactor <= size) this.#create(spec)
    else this.#warnOfTooFewBrokers(spec, size)
    return false
  }

  /** Clients ask again and again; one line for each number of brokers is enough. */
  #warnOfTooFewBrokers({ name, replicationFactor }: NewTopic, brokers: number): void {
    if (this.#warnedAt.get(name) === brokers) return
    this.#warnedAt.set(name, brokers)
    const setting =
      name === '__consumer_offsets'
        ? 'offsets.topic.replication.factor'
        : 'transaction.state.log.replication.factor'
    this.#options.logger.error(
      `Cannot create topic ${name}: ${setting}=${replicationFactor}, ` +
        `but there are only ${brokers} brokers. Its clients find no coordinator until there are more.`,
    )
  }

  #create(spec: NewTopic): void {
    if (this.#underWay.has(spec.name) || this.#underWay.size >= MAX_UNDER_WAY) return
    this.#underWay.add(spec.name)
    const { config, controllerLink, logger } = this.#options
    const timeoutMs = config().get('request.timeout.ms')
    controllerLink
      .createTopics({ topics: [spec], timeoutMs, validateOnly: false })
      .then((created) => {
        for (const { name, error } of created) {
          if (error !== Errors.NONE && error !== Errors.TOPIC_ALREADY_EXISTS) {
            logger.warn(`Could not create topic ${name}: ${errorByCode(error).name}`)
          }
        }
      })
      .catch((error) => logger.warn(`Could not create topic ${spec.name}.`, error))
      .finally(() => this.#underWay.delete(spec.name))
  }
}

function newTopic(config: BrokerConfig, name: string): NewTopic {
  switch (name) {
    case '__consumer_offsets':
      return {
        name,
        numPartitions: config.get('offsets.topic.num.partitions'),
        replicationFactor: config.get('offsets.topic.replication.factor'),
        assignments: [],
        configs: [
          { name: 'cleanup.policy', value: 'compact' },
          { name: 'compression.type', value: 'producer' },
          { name: 'segment.bytes', value: String(config.get('offsets.topic.segment.bytes')) },
        ],
      }
    case '__transaction_state':
      return {
        name,
        numPartitions: config.get('transaction.state.log.num.partitions'),
        replicationFactor: config.get('transaction.state.log.replication.factor'),
        assignments: [],
        configs: [
          { name: 'cleanup.policy', value: 'compact' },
          { name: 'compression.type', value: 'uncompressed' },
          { name: 'unclean.leader.election.enable', value: 'false' },
          {
            name: 'min.insync.replicas',
            value: String(config.get('transaction.state.log.min.isr')),
          },
          {
            name: 'segment.bytes',
            value: String(config.get('transaction.state.log.segment.bytes')),
          },
        ],
      }
    default:
      return { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }
  }
}
