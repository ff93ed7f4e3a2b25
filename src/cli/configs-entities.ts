// The things whose settings `ottla configs` shows and changes, read from its options.
import type { Options } from './options.ts'
import { ToolFailure } from './tool.ts'

export const ENTITY_TYPES = [
  'topics',
  'clients',
  'users',
  'brokers',
  'ips',
  'broker-loggers',
  'client-metrics',
] as const
export type EntityType = (typeof ENTITY_TYPES)[number]

/** Name undefined: all of the type; '' the default of the type. */
export interface Entity {
  readonly type: EntityType
  readonly name: string | undefined
}

const SHORTHANDS = [
  ['topic', 'topics'],
  ['client', 'clients'],
  ['user', 'users'],
  ['broker', 'brokers'],
  ['broker-logger', 'broker-loggers'],
  ['ip', 'ips'],
  ['client-metrics', 'client-metrics'],
] as const
const DEFAULTS = [
  ['client-defaults', 'clients'],
  ['user-defaults', 'users'],
  ['broker-defaults', 'brokers'],
  ['ip-defaults', 'ips'],
] as const

type EntityOption =
  | 'entity-type'
  | 'entity-name'
  | 'entity-default'
  | 'alter'
  | 'describe'
  | (typeof SHORTHANDS)[number][0]
  | (typeof DEFAULTS)[number][0]

function isEntityType(name: string): name is EntityType {
  return ENTITY_TYPES.some((type) => type === name)
}

/** The entities that the options name, checked as Kafka checks them. */
export function readEntities<Name extends EntityOption>(
  options: Options<Name | EntityOption>,
  args: readonly string[],
): Entity[] {
  const types = options.texts('entity-type').map((type) => {
    if (isEntityType(type)) return type
    throw new ToolFailure(
      `Invalid entity type ${type}, the entity type must be one of ${ENTITY_TYPES.join(', ')} with a --bootstrap-server or --bootstrap-controller argument`,
    )
  })
  const names = namesInOrder(args)
  const entities: Entity[] = types.map((type, index) => ({ type, name: names[index] }))
  for (const [option, type] of SHORTHANDS) {
    const name = options.text(option)
    if (name !== undefined) entities.push({ type, name })
  }
  for (const [option, type] of DEFAULTS) if (options.has(option)) entities.push({ type, name: '' })
  checkEntities(entities, options.has('alter'))
  return entities
}

/** `--entity-name x` and `--entity-default` belong to the types in the order of their arguments. */
function namesInOrder(args: readonly string[]): string[] {
  const names: string[] = []
  for (const [index, arg] of args.entries()) {
    if (arg === '--entity-default') names.push('')
    else if (arg === '--entity-name') names.push(args[index + 1] ?? '')
    else if (arg.startsWith('--entity-name=')) names.push(arg.slice('--entity-name='.length))
  }
  return names
}

function checkEntities(entities: readonly Entity[], isAlter: boolean): void {
  const [first] = entities
  if (first === undefined) throw new ToolFailure('At least one entity type must be specified')
  const types = entities.map(({ type }) => type)
  const isQuotaPair = types.length === 2 && types.includes('users') && types.includes('clients')
  if (types.length > 1 && !isQuotaPair) {
    throw new ToolFailure("Only 'users' and 'clients' entity types may be specified together")
  }
  if (!isAlter) return
  const lacksName = entities.some(({ name }) => name === undefined)
  if (lacksName) {
    throw new ToolFailure(`an entity name must be specified with --alter of ${types.join(',')}`)
  }
}

/** Broker ids are numbers. */
export function checkBrokerName(entity: Entity): void {
  const isBroker = entity.type === 'brokers' || entity.type === 'broker-loggers'
  if (!isBroker || entity.name === undefined || entity.name === '') return
  if (!/^\d+$/.test(entity.name)) {
    throw new ToolFailure(
      `The entity name for ${entity.type} must be a valid integer broker id, but it is: ${entity.name}`,
    )
  }
}
