// Settings of topics, brokers and their loggers: shown with where each value comes from, and changed
// one by one.
import { type Admin, ConfigOperation, ResourceType } from '../client/admin.ts'
import type { DescribeConfigsResponse } from '../wire/messages/32-describe-configs.ts'
import type { Changes } from './configs-changes.ts'
import type { Entity, EntityType } from './configs-entities.ts'
import { ToolFailure } from './tool.ts'

type Setting = DescribeConfigsResponse['results'][number]['configs'][number]

const SOURCES: ReadonlyMap<number, string> = new Map([
  [1, 'DYNAMIC_TOPIC_CONFIG'],
  [2, 'DYNAMIC_BROKER_CONFIG'],
  [3, 'DYNAMIC_DEFAULT_BROKER_CONFIG'],
  [4, 'STATIC_BROKER_CONFIG'],
  [5, 'DEFAULT_CONFIG'],
  [6, 'DYNAMIC_BROKER_LOGGER_CONFIG'],
])

const TYPES: Partial<Record<EntityType, number>> = {
  topics: ResourceType.topic,
  brokers: ResourceType.broker,
  'broker-loggers': ResourceType.brokerLogger,
}

export interface DescribedEntity {
  readonly name: string
  readonly settings: readonly Setting[]
}

export function isResource(type: EntityType): boolean {
  return TYPES[type] !== undefined
}

/** The entity, or all of its type. */
export async function describeResources(
  admin: Admin,
  entity: Entity,
  all: boolean,
): Promise<DescribedEntity[]> {
  const names = entity.name === undefined ? await namesOf(admin, entity.type) : [entity.name]
  const described: DescribedEntity[] = []
  for (const name of names) {
    described.push({ name, settings: await settingsOf(admin, entity.type, name, all) })
  }
  return described
}

/** As Kafka's tool does it: what is known is printed before the next entity fails. */
export async function printResources(
  admin: Admin,
  entity: Entity,
  all: boolean,
  print: (text: string) => void,
): Promise<void> {
  const { type } = entity
  const names = entity.name === undefined ? await namesOf(admin, type) : [entity.name]
  for (const name of names) {
    print(
      name === ''
        ? `Default configs for ${type} in the cluster are:\n`
        : `${all ? 'All' : 'Dynamic'} configs for ${type.slice(0, -1)} ${name} are:\n`,
    )
    const settings = await settingsOf(admin, type, name, all)
    print(settings.map(settingLine).join(''))
  }
}

export function settingAsJson(setting: Setting): unknown {
  const { name, value, readOnly, isSensitive, configSource, synonyms } = setting
  return {
    name,
    value,
    readOnly,
    sensitive: isSensitive,
    source: sourceName(configSource),
    synonyms: synonyms.map((synonym) => ({ ...synonym, source: sourceName(synonym.source) })),
  }
}

/** Throws ToolFailure for the deletion of what is not set. */
export async function alterResource(
  admin: Admin,
  { type, name = '' }: Entity,
  { added, deleted }: Changes,
): Promise<void> {
  const present = await settingsOf(admin, type, name, false)
  const missing = deleted.filter((one) => !present.some((setting) => setting.name === one))
  if (missing.length > 0) throw new ToolFailure(`Invalid config(s): ${missing.join(',')}`)
  const changes = [
    ...[...added].map(([key, value]) => ({ name: key, value, operation: ConfigOperation.set })),
    ...deleted.map((key) => ({ name: key, value: null, operation: ConfigOperation.delete })),
  ]
  await admin.alterConfigs({ type: typeNumber(type), name }, changes)
}

async function namesOf(admin: Admin, type: EntityType): Promise<string[]> {
  if (type === 'topics') return admin.listTopics(true)
  const ids = admin.client.brokers.map(({ id }) => id).toSorted((a, b) => a - b)
  const names = ids.map(String)
  return type === 'brokers' ? [...names, ''] : names
}

async function settingsOf(
  admin: Admin,
  type: EntityType,
  name: string,
  all: boolean,
): Promise<Setting[]> {
  const resource = { type: typeNumber(type), name }
  const settings = await admin.describeConfigs(resource, { synonyms: true })
  const own = dynamicSource(type, name)
  return settings
    .filter(({ configSource }) => all || own === undefined || configSource === own)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** The source of what was set for this very entity; undefined when that is not told apart. */
function dynamicSource(type: EntityType, name: string): number | undefined {
  if (type === 'topics') return 1
  if (type === 'brokers') return name === '' ? 3 : 2
  return undefined
}

function typeNumber(type: EntityType): number {
  return TYPES[type] ?? -1
}

function settingLine({ name, value, isSensitive, synonyms }: Setting): string {
  const list = synonyms
    .map((synonym) => `${sourceName(synonym.source)}:${synonym.name}=${synonym.value}`)
    .join(', ')
  return `  ${name}=${value} sensitive=${isSensitive} synonyms={${list}}\n`
}

function sourceName(source: number): string {
  return SOURCES.get(source) ?? 'UNKNOWN'
}
