// The language in which settings are declared: one entry gives type, default, limits, where it
// may be changed, and what is said about it.
import { invalidValue } from './config-error.ts'
import {
  javaDouble,
  parseBoolean,
  parseDouble,
  parseList,
  parseWhole,
  type SettingType,
} from './parse-value.ts'
import type { Unit } from './time-units.ts'

export type Importance = 'high' | 'medium' | 'low'

/** Where a running broker takes a new value: nowhere, for itself, or also for the whole cluster. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide'

/** Undefined when the value is allowed, else the reason why not. */
export type Check<Value> = (value: Value, setting: string) => string | undefined

export interface Setting<Value> {
  readonly type: SettingType
  /** As DescribeConfigs shows it; null when nothing is set by default. */
  readonly defaultText: string | null
  readonly importance: Importance
  readonly update: UpdateMode
  /** Not shown by DescribeConfigs. */
  readonly isInternal: boolean
  readonly doc: string
  /** Which values may be given, beyond what the type says; empty when all. */
  readonly allowed: string
  /** Settings of a broker that give a topic's value, the first that is set; with their unit. */
  readonly synonyms: readonly Unit[]
  /** Throws ConfigError. */
  parse(setting: string, text: string): Value
}

interface Limits {
  readonly min?: number
  readonly max?: number
  /** Nothing else is allowed, as the value or as an item of a list. */
  readonly oneOf?: readonly string[]
}

interface Declaration<Default, Value> extends Limits {
  readonly default: Default
  readonly doc: string
  readonly importance?: Importance
  readonly update?: UpdateMode
  readonly internal?: boolean
  readonly check?: Check<Value>
  readonly synonyms?: readonly (string | Unit)[]
}

type Numeric<Default> = Declaration<Default, number>
type Textual<Default> = Declaration<Default, string>
type Listed<Default> = Declaration<Default, readonly string[]>

/** The largest long; as a value it is the largest safe number, which means "without limit". */
export const LONG_MAX = '9223372036854775807'
export const INT_MAX = 2147483647
/** The largest double, as Java prints it. */
export const DOUBLE_MAX = '1.7976931348623157E308'

function declare<Value>(
  type: SettingType,
  declaration: Declaration<unknown, NonNullable<Value>>,
  defaultText: string | null,
  parse: (setting: string, text: string) => Value,
): Setting<Value> {
  const { synonyms = [] } = declaration
  return {
    type,
    defaultText,
    importance: declaration.importance ?? 'medium',
    update: declaration.update ?? 'read-only',
    isInternal: declaration.internal ?? false,
    doc: declaration.doc,
    allowed: allowedValues(declaration),
    synonyms: synonyms.map((one) => (typeof one === 'string' ? { name: one, factor: 1 } : one)),
    parse,
  }
}

function allowedValues({ min, max, oneOf }: Limits): string {
  if (oneOf !== undefined) return oneOf.join(', ')
  if (min !== undefined && max !== undefined) return `${min} to ${max}`
  if (min !== undefined) return `at least ${min}`
  return max === undefined ? '' : `at most ${max}`
}

export function boolean(declaration: Declaration<boolean, boolean>): Setting<boolean> {
  return declare('boolean', declaration, String(declaration.default), parseBoolean)
}

export function int(declaration: Numeric<number>): Setting<number>
export function int(declaration: Numeric<null>): Setting<number | null>
export function int(declaration: Numeric<number | null>): Setting<number | null> {
  return whole('int', declaration)
}

export function short(declaration: Numeric<number>): Setting<number> {
  return whole('short', declaration)
}

export function long(declaration: Numeric<number | typeof LONG_MAX>): Setting<number>
export function long(declaration: Numeric<null>): Setting<number | null>
export function long(declaration: Numeric<number | string | null>): Setting<number | null> {
  return whole('long', declaration)
}

export function double(declaration: Numeric<number | typeof DOUBLE_MAX>): Setting<number> {
  const preset = declaration.default
  const text = typeof preset === 'string' ? preset : javaDouble(preset)
  const check = checkOf(declaration)
  return declare('double', declaration, text, (setting, given) =>
    checked(parseDouble(setting, given), check, setting, (value) => javaDouble(value)),
  )
}

export function string(declaration: Textual<string>): Setting<string>
export function string(declaration: Textual<null>): Setting<string | null>
export function string(declaration: Textual<string | null>): Setting<string | null> {
  return text('string', declaration)
}

/** A name of a Java class. */
export function classOf(declaration: Textual<string>): Setting<string>
export function classOf(declaration: Textual<null>): Setting<string | null>
export function classOf(declaration: Textual<string | null>): Setting<string | null> {
  return text('class', declaration)
}

/** Never shown, never logged. */
export function password(declaration: Textual<null>): Setting<string | null> {
  return text('password', declaration)
}

export function list(declaration: Listed<string>): Setting<readonly string[]>
export function list(declaration: Listed<null>): Setting<readonly string[] | null>
export function list(declaration: Listed<string | null>): Setting<readonly string[] | null> {
  const { check, oneOf } = declaration
  return declare('list', declaration, declaration.default, (setting, given) => {
    const items = parseList(given)
    for (const item of items) {
      const reason = oneOf === undefined ? undefined : notOneOf(oneOf, item)
      if (reason !== undefined) throw invalidValue(setting, item, reason)
    }
    return checked(items, check, setting, (value) => `[${value.join(', ')}]`)
  })
}

function whole<Default extends number | string | null>(
  type: 'int' | 'short' | 'long',
  declaration: Numeric<Default>,
): Setting<number> {
  const check = checkOf(declaration)
  const preset = declaration.default === null ? null : String(declaration.default)
  return declare(type, declaration, preset, (setting, given) =>
    checked(parseWhole(type, setting, given), check, setting, String),
  )
}

function text(
  type: 'string' | 'class' | 'password',
  declaration: Textual<string | null>,
): Setting<string> {
  const { oneOf, check = type === 'class' ? knownClass : undefined } = declaration
  const allowed: Check<string> = (value, setting) =>
    (oneOf === undefined ? undefined : notOneOf(oneOf, value)) ?? check?.(value, setting)
  const shown = (value: string): string => (type === 'password' ? '[hidden]' : value)
  return declare(type, declaration, declaration.default, (setting, given) =>
    checked(given.trim(), allowed, setting, shown),
  )
}

/**
 * Kafka's own classes, whose work is done here without them. Another one may be what keeps a
 * cluster safe, so that going on without it would be worse than to say that it is missing.
 */
const knownClass: Check<string> = (name) =>
  name.startsWith('org.apache.kafka.') ? undefined : `Class ${name} could not be found.`

function checked<Value>(
  value: Value,
  check: Check<Value> | undefined,
  setting: string,
  show: (value: Value) => string,
): Value {
  const reason = check?.(value, setting)
  if (reason !== undefined) throw invalidValue(setting, show(value), reason)
  return value
}

function checkOf(declaration: Numeric<unknown>): Check<number> {
  const { min = -Infinity, max = Infinity, check } = declaration
  return (value, setting) => {
    if (value < min) return `Value must be at least ${min}`
    if (value > max) return `Value must be no more than ${max}`
    return check?.(value, setting)
  }
}

function notOneOf(allowed: readonly string[], value: string): string | undefined {
  return allowed.includes(value) ? undefined : `String must be one of: ${allowed.join(', ')}`
}
