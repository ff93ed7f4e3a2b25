// Changing settings of topics, of this broker, of all brokers and of loggers: what AlterConfigs and
// IncrementalAlterConfigs share. Codes and messages are those of 3.9.
import { brokerSetting } from '../config/broker-settings.ts'
import { validateDynamic } from '../config/dynamic-config.ts'
import { parseList } from '../config/parse-value.ts'
import { resolvedText, isTopicSetting, validateTopicConfig } from '../config/topic-config.ts'
import { topicSetting } from '../config/topic-settings.ts'
import { DEFAULT_ENTITY } from '../metadata/entity-configs.ts'
import { topicNameProblem } from '../metadata/topic-name.ts'
import { CLUSTER_NAME, Operation, ResourceType, type Requester } from '../security/authorizer.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import type { HandlerContext } from './handler-context.ts'

/** Types of resources that have settings (KIP-133). */
export const ConfigResourceType = {
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
} as const

const ConfigOperation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const

export interface ConfigChange {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

/** What a resource's settings are when the changes have been made to what it has now. */
type Apply = (
  current: ReadonlyMap<string, string>,
  effective: (name: string) => string | null,
  isList: (name: string) => boolean,
) => Map<string, string>

/** The settings of the request are all that the resource has afterwards. */
export function replacing(configs: readonly Omit<ConfigChange, 'configOperation'>[]): Apply {
  refuseDuplicates(configs)
  refuseNulls(configs)
  return () => new Map(configs.map(({ name, value }) => [name, value ?? '']))
}

/** The changes of the request, one by one. */
export function changing(changes: readonly ConfigChange[]): Apply {
  refuseDuplicates(changes)
  refuseNulls(changes.filter((it) => it.configOperation !== ConfigOperation.DELETE))
  return (current, effective, isList) => {
    const settings = new Map(current)
    for (const change of changes) applyChange(settings, change, effective, isList)
    return settings
  }
}

function refuseDuplicates(configs: readonly { readonly name: string }[]): void {
  if (new Set(configs.map(({ name }) => name)).size === configs.length) return
  throw new KafkaError(Errors.INVALID_REQUEST, 'Error due to duplicate config keys')
}

function refuseNulls(configs: readonly { name: string; value: string | null }[]): void {
  const nulls = configs.filter(({ value }) => value === null).map(({ name }) => name)
  if (nulls.length === 0) return
  throw new KafkaError(Errors.INVALID_REQUEST, `Null value not supported for : ${nulls.join(',')}`)
}

function applyChange(
  settings: Map<string, string>,
  { name, configOperation, value }: ConfigChange,
  effective: (name: string) => string | null,
  isList: (name: string) => boolean,
): void {
  if (configOperation === ConfigOperation.SET) settings.set(name, value ?? '')
  else if (configOperation === ConfigOperation.DELETE) settings.delete(name)
  else if (
    configOperation === ConfigOperation.APPEND ||
    configOperation === ConfigOperation.SUBTRACT
  ) {
    const isAppend = configOperation === ConfigOperation.APPEND
    if (!isList(name)) {
      const verb = isAppend ? 'append' : 'subtract'
      throw new KafkaError(
        Errors.INVALID_CONFIG,
        `Config value ${verb} is not allowed for config key: ${name}`,
      )
    }
    const before = parseList(settings.get(name) ?? effective(name) ?? '')
    const items = parseList(value ?? '')
    const after = isAppend
      ? [...before, ...items.filter((item) => !before.includes(item))]
      : before.filter((item) => !items.includes(item))
    settings.set(name, after.join(','))
  } else throw new KafkaError(Errors.UNKNOWN_SERVER_ERROR)
}

/** Changes one resource, or only checks that it could. Throws KafkaError. */
export async function alterResource(
  context: HandlerContext,
  requester: Requester,
  resource: { readonly resourceType: number; readonly resourceName: string },
  apply: Apply,
  validateOnly: boolean,
): Promise<void> {
  const { resourceType, resourceName } = resource
  authorizeSettings(context, requester, Operation.ALTER_CONFIGS, resourceType, resourceName)
  if (resourceType === ConfigResourceType.TOPIC) {
    await alterTopic(context, resourceName, apply, validateOnly)
  } else if (resourceType === ConfigResourceType.BROKER) {
    await alterBroker(context, resourceName, apply, validateOnly)
  } else if (resourceType === ConfigResourceType.CLIENT_METRICS) {
    throw new KafkaError(
      Errors.INVALID_REQUEST,
      'AlterConfigs is only supported for topics and brokers, but resource type is CLIENT_METRICS',
    )
  } else throw new KafkaError(Errors.INVALID_REQUEST, `Unknown resource type ${resourceType}`)
}

/** Throws when the requester may not do `operation` to the settings of the resource. */
export function authorizeSettings(
  { authorizer }: HandlerContext,
  requester: Requester,
  operation: Operation,
  resourceType: number,
  resourceName: string,
): void {
  const isTopic = resourceType === ConfigResourceType.TOPIC
  const type = isTopic ? ResourceType.TOPIC : ResourceType.CLUSTER
  const name = isTopic ? resourceName : CLUSTER_NAME
  if (authorizer.allows(requester, operation, type, name)) return
  throw new KafkaError(
    isTopic ? Errors.TOPIC_AUTHORIZATION_FAILED : Errors.CLUSTER_AUTHORIZATION_FAILED,
  )
}

async function alterTopic(
  context: HandlerContext,
  topic: string,
  apply: Apply,
  validateOnly: boolean,
): Promise<void> {
  if (topic === '') {
    throw new KafkaError(Errors.INVALID_REQUEST, 'Default topic resources are not allowed.')
  }
  const nameProblem = topicNameProblem(topic)
  if (nameProblem !== undefined) throw new KafkaError(Errors.INVALID_TOPIC_EXCEPTION, nameProblem)
  if (!context.metadata.image.topics.has(topic)) {
    const message = `The topic '${topic}' does not exist.`
    throw new KafkaError(Errors.UNKNOWN_TOPIC_OR_PARTITION, message)
  }
  const entity = `topics/${topic}`
  const current = (await context.configStore.readNow(entity)) ?? new Map<string, string>()
  const settings = apply(
    current,
    (name) => (isTopicSetting(name) ? resolvedText(context.config, current, name) : null),
    (name) => topicSetting(name)?.type === 'list',
  )
  const problem = validateTopicConfig(settings)
  if (problem !== undefined) throw new KafkaError(Errors.INVALID_CONFIG, inContext(topic, problem))
  if (!validateOnly) await context.configStore.write(entity, settings)
}

/** A name that is not known is reported as such, a value with the resource that it was meant for. */
function inContext(topic: string, problem: string): string {
  if (problem.startsWith('Unknown topic config name')) return problem
  const resource = `ConfigResource(type=TOPIC, name='${topic}')`
  return `Invalid config value for resource ${resource}: ${problem}`
}

async function alterBroker(
  context: HandlerContext,
  name: string,
  apply: Apply,
  validateOnly: boolean,
): Promise<void> {
  if (name !== '') requireThisBroker(context, name)
  const entity = `brokers/${name === '' ? DEFAULT_ENTITY : name}`
  const current = (await context.configStore.readNow(entity)) ?? new Map<string, string>()
  const settings = apply(
    current,
    (setting) => context.config.text(setting),
    (setting) => brokerSetting(setting)?.type === 'list',
  )
  const problem =
    validateDynamic(context.config, settings, name === '' ? 'cluster' : 'broker') ??
    passwordProblem(settings)
  if (problem !== undefined) throw new KafkaError(Errors.INVALID_REQUEST, problem)
  if (!validateOnly) await context.configStore.write(entity, settings)
}

function requireThisBroker({ brokerId }: HandlerContext, name: string): void {
  if (!/^[+-]?\d{1,10}$/.test(name)) {
    const message = `Node id must be an integer, but it is: ${name}`
    throw new KafkaError(Errors.INVALID_REQUEST, message)
  }
  if (Number(name) === brokerId) return
  const message = `Unexpected broker id, expected ${brokerId}, but received ${name}`
  throw new KafkaError(Errors.INVALID_REQUEST, message)
}

/** A secret must not lie readable in ZooKeeper, and nothing encrypts it yet. */
function passwordProblem(settings: ReadonlyMap<string, string>): string | undefined {
  for (const name of settings.keys()) {
    const base = name.replace(/^listener\.name\.[^.]+\./, '')
    if (brokerSetting(base)?.type === 'password') {
      return `${name} is a secret and cannot be stored in ZooKeeper; set it in server.properties.`
    }
  }
  return undefined
}
