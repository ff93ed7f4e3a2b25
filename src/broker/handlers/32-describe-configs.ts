// DescribeConfigs: the settings of topics, of this broker and of all brokers, with where each value
// comes from.
import type { ResponseInput } from '../../codec/api.ts'
import {
  describeBrokerConfig,
  describeClusterConfig,
  describeTopicConfig,
  type DescribedConfig,
} from '../../config/describe.ts'
import { topicNameProblem } from '../../metadata/topic-name.ts'
import { Operation, type Requester } from '../../security/authorizer.ts'
import { Errors, KafkaError } from '../../wire/errors.ts'
import {
  DescribeConfigs,
  type DescribeConfigsRequest,
} from '../../wire/messages/32-describe-configs.ts'
import { authorizeSettings, ConfigResourceType } from '../config-resources.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

type Resource = DescribeConfigsRequest['resources'][number]
type Result = ResponseInput<typeof DescribeConfigs>['results'][number]

/** `configSource` of a value that nobody has set. */
const SOURCE_DEFAULT = 5

export const describeConfigsHandler = handler(DescribeConfigs, async (context, body, request) => {
  const shown = ({ synonyms, documentation, ...config }: DescribedConfig) => ({
    ...config,
    isDefault: config.configSource === SOURCE_DEFAULT,
    synonyms: body.includeSynonyms ? synonyms : [],
    documentation: body.includeDocumentation ? documentation : null,
  })
  const describeOne = async (resource: Resource): Promise<Result> => {
    const { resourceType, resourceName } = resource
    const answer = { resourceType, resourceName }
    try {
      const configs = (await describe(context, request.connection, resource)).map(shown)
      return { ...answer, errorCode: Errors.NONE, errorMessage: '', configs }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      return { ...answer, errorCode: error.code, errorMessage: error.message, configs: [] }
    }
  }
  const results = await Promise.all(body.resources.map(describeOne))
  reply(request, DescribeConfigs, { throttleTimeMs: 0, results })
})

async function describe(
  context: HandlerContext,
  requester: Requester,
  { resourceType, resourceName, configurationKeys }: Resource,
): Promise<DescribedConfig[]> {
  authorizeSettings(context, requester, Operation.DESCRIBE_CONFIGS, resourceType, resourceName)
  const keys = configurationKeys === null ? null : new Set(configurationKeys)
  switch (resourceType) {
    case ConfigResourceType.TOPIC:
      requireTopic(context, resourceName)
      return describeTopicConfig(context.config, await topicSettings(context, resourceName), keys)
    case ConfigResourceType.BROKER:
      if (resourceName === '') return describeClusterConfig(context.config, keys)
      requireThisBroker(context, resourceName)
      return describeBrokerConfig(context.config, keys)
    case ConfigResourceType.CLIENT_METRICS:
      throw new KafkaError(
        Errors.INVALID_REQUEST,
        'Config type client-metrics is only supported on KRaft clusters',
      )
    default:
      throw new KafkaError(Errors.INVALID_REQUEST)
  }
}

/** From ZooKeeper, because this broker follows the settings only of topics that it hosts. */
async function topicSettings(
  { configStore }: HandlerContext,
  topic: string,
): Promise<ReadonlyMap<string, string>> {
  return (await configStore.readNow(`topics/${topic}`)) ?? new Map()
}

function requireTopic({ metadata }: HandlerContext, topic: string): void {
  const problem = topicNameProblem(topic)
  if (problem !== undefined) throw new KafkaError(Errors.INVALID_TOPIC_EXCEPTION, problem)
  if (!metadata.image.topics.has(topic)) throw new KafkaError(Errors.UNKNOWN_TOPIC_OR_PARTITION)
}

function requireThisBroker({ brokerId }: HandlerContext, name: string): void {
  if (!/^[+-]?\d{1,10}$/.test(name)) {
    const message = `Broker id must be an integer, but it is: ${name}`
    throw new KafkaError(Errors.INVALID_REQUEST, message)
  }
  if (Number(name) === brokerId) return
  throw new KafkaError(
    Errors.INVALID_REQUEST,
    `Unexpected broker id, expected ${brokerId} or empty string, but received ${name}`,
  )
}
