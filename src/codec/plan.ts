// A declaration resolved for one version: which fields are there, how long lengths are, what may be
// null, and the fewest bytes each part can take. The compiler and the interpreter both work from
// it.
import { NEVER, defaultOf } from './language.ts'
import type { Fields, Kind, Type } from './language.ts'

/** A type as it is in one version. */
export type Plan = LeafPlan | ArrayPlan | StructPlan

interface CommonPlan {
  readonly nullable: boolean
  /** Null is allowed in some other version: it is then encoded as the empty value. */
  readonly nullAsEmpty: boolean
  readonly flexible: boolean
  /** The fewest bytes that a value can take. */
  readonly minimum: number
  /** Where it is, for messages of errors. */
  readonly path: string
}

export interface LeafPlan extends CommonPlan {
  readonly kind: Exclude<Kind, 'array' | 'struct'>
}

export interface ArrayPlan extends CommonPlan {
  readonly kind: 'array'
  readonly element: Plan
}

export interface StructPlan extends CommonPlan {
  readonly kind: 'struct'
  /**
   * Null is marked by a byte in front: negative in the body of a message, zero (a varint) in the
   * tagged section. Anything else in its place says that the struct follows.
   */
  readonly nullMark: 255 | 0
  /** All declared fields in declared order, also those that this version does not have. */
  readonly fields: readonly FieldPlan[]
}

export interface FieldPlan {
  readonly name: string
  readonly present: boolean
  readonly tag: number | undefined
  /** A value may be left out; it then is `defaultValue`. */
  readonly optional: boolean
  readonly defaultValue: unknown
  readonly plan: Plan
}

const FIXED_SIZES: Partial<Record<Kind, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
}

/** Bytes of a kind whose values all take the same number, else undefined. */
export function fixedSize(kind: Kind): number | undefined {
  return FIXED_SIZES[kind]
}

/** The plan of a message's fields in one version. */
export function planFor(
  name: string,
  fields: Fields,
  version: number,
  flexible: boolean,
): StructPlan {
  const common = { nullable: false, nullAsEmpty: false, flexible }
  return planStruct(fields, version, common, `${name} v${version}`)
}

type Shared = Pick<CommonPlan, 'nullable' | 'nullAsEmpty' | 'flexible'>

function planType(type: Type, version: number, flexible: boolean, path: string): Plan {
  const nullable = version >= type.nullableFrom
  const shared = { nullable, nullAsEmpty: !nullable && type.nullableFrom !== NEVER, flexible }
  const { kind } = type
  switch (kind) {
    case 'struct':
      return planStruct(type.fields ?? {}, version, shared, path)
    case 'array': {
      if (type.element === undefined) throw new TypeError(`${path}: an array of nothing`)
      const element = planType(type.element, version, flexible, `${path}[]`)
      return { kind, element, ...shared, path, minimum: flexible ? 1 : 4 }
    }
    default: {
      const minimum = FIXED_SIZES[kind] ?? (flexible ? 1 : kind === 'string' ? 2 : 4)
      return { kind, ...shared, path, minimum }
    }
  }
}

function planStruct(fields: Fields, version: number, shared: Shared, path: string): StructPlan {
  const plans = Object.entries(fields).map(([name, type]) =>
    planField(name, type, version, shared.flexible, `${path} ${name}`),
  )
  let minimum = shared.flexible ? 1 : 0
  for (const field of plans) {
    if (field.present && field.tag === undefined) minimum += field.plan.minimum
  }
  return {
    kind: 'struct',
    nullMark: 255,
    fields: plans,
    ...shared,
    path,
    minimum: shared.nullable ? 1 : minimum,
  }
}

function planField(
  name: string,
  type: Type,
  version: number,
  flexible: boolean,
  path: string,
): FieldPlan {
  const present = version >= type.firstVersion && version <= type.lastVersion
  const limited = type.firstVersion > 0 || type.lastVersion !== NEVER
  const nullable = type.nullableFrom !== NEVER
  const plan = planType(type, version, flexible, path)
  return {
    name,
    present: present && (type.tag === undefined || flexible),
    tag: type.tag,
    optional: limited || nullable || type.tag !== undefined || type.explicitDefault !== undefined,
    defaultValue: defaultOf(type),
    plan: type.tag !== undefined && plan.kind === 'struct' ? { ...plan, nullMark: 0 } : plan,
  }
}
