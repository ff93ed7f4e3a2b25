// The language in which messages are declared. A declaration is a value: the TypeScript types are
// inferred from it, and the codecs of each version are made from it (compile-*.ts, interpret.ts).
//
//   since(3, nullable(string))   the field exists from version 3 on, and may be null
//   until(12, string)            the field exists up to version 12, inclusive
//   tagged(0, since(12, int32))  the field travels in the tagged section, and only if not default
//
// Always: a type is immutable; modifiers return a changed copy and may be nested in any order.
import { ZERO_UUID } from './uuid-text.ts'

/** What bytes a type stands for. */
export type Kind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'records'
  | 'uuid'
  | 'array'
  | 'struct'

/** No version at all, as a bound: a field that is never nullable, a message never flexible. */
export const NEVER = Number.POSITIVE_INFINITY

declare const meaning: unique symbol

/** One type of the language; `Decoded` and `Input` exist for the compiler only. */
export interface Type<Decoded = unknown, Input = unknown, Optional extends boolean = boolean> {
  readonly kind: Kind
  readonly element: Type | undefined
  readonly fields: Fields | undefined
  /** First and last version that has the field. */
  readonly firstVersion: number
  readonly lastVersion: number
  /** First version in which null is allowed. */
  readonly nullableFrom: number
  readonly tag: number | undefined
  /** Undefined: the empty value of the kind, or null where null is allowed. */
  readonly explicitDefault: unknown
  readonly [meaning]?: { decoded: Decoded; input: Input; optional: Optional }
}

/** The fields of a struct, in the order of their bytes. */
export interface Fields {
  readonly [name: string]: Type
}

type DecodedOf<T> = T extends Type<infer Decoded, unknown, boolean> ? Decoded : never
type InputOf<T> = T extends Type<unknown, infer Input, boolean> ? Input : never
type OptionalNames<F extends Fields> = {
  [Name in keyof F]: F[Name] extends Type<unknown, unknown, true> ? Name : never
}[keyof F]

/** The value that decoding yields: every field is there, whatever the version. */
export type DecodedFields<F extends Fields> = { [Name in keyof F]: DecodedOf<F[Name]> }

/**
 * The value that encoding takes: fields with a default, or not in all versions, may be left out.
 */
export type InputFields<F extends Fields> = {
  readonly [Name in Exclude<keyof F, OptionalNames<F>>]: InputOf<F[Name]>
} & {
  readonly [Name in OptionalNames<F>]?: InputOf<F[Name]> | undefined
}

function leaf<Decoded, Input = Decoded>(kind: Kind): Type<Decoded, Input, false> {
  return {
    kind,
    element: undefined,
    fields: undefined,
    firstVersion: 0,
    lastVersion: NEVER,
    nullableFrom: NEVER,
    tag: undefined,
    explicitDefault: undefined,
  }
}

export const bool = leaf<boolean>('bool')
export const int8 = leaf<number>('int8')
export const int16 = leaf<number>('int16')
export const uint16 = leaf<number>('uint16')
export const int32 = leaf<number>('int32')
export const uint32 = leaf<number>('uint32')
/**
 * A `number`: exact up to 2^53 either way. What lies beyond becomes the nearest number, and the
 * largest value comes back as itself when encoded again.
 */
export const int64 = leaf<number>('int64')
export const float64 = leaf<number>('float64')
export const string = leaf<string>('string')
/** Decoded as a view of the input, never a copy. */
export const bytes = leaf<Buffer, Uint8Array>('bytes')
/** Record batches: decoded as a view, encoded by reference, one buffer or several in a row. */
export const records = leaf<Buffer, Uint8Array | readonly Uint8Array[]>('records')
/** Kafka's text form: 22 characters of base64url. */
export const uuid = leaf<string>('uuid')

/** Fields one after the other, followed by the tagged section in flexible versions. */
export function struct<F extends Fields>(fields: F): Type<DecodedFields<F>, InputFields<F>, false> {
  return { ...leaf('struct'), fields }
}

/** Any number of elements; an object of fields stands for a struct of them. */
export function array<D, I, O extends boolean>(
  element: Type<D, I, O>,
): Type<D[], readonly I[], false>
export function array<F extends Fields>(
  element: F,
): Type<DecodedFields<F>[], readonly InputFields<F>[], false>
export function array(element: Type | Fields): Type<unknown[], readonly unknown[], false> {
  return { ...leaf('array'), element: isType(element) ? element : struct(element) }
}

function isType(candidate: Type | Fields): candidate is Type {
  return typeof candidate.kind === 'string'
}

/** May be null in every version, and is null when left out. */
export function nullable<D, I, O extends boolean>(
  type: Type<D, I, O>,
): Type<D | null, I | null, true> {
  return { ...type, nullableFrom: 0 } as Type<D | null, I | null, true>
}

/** May be null from `version` on; before it, null is encoded as the empty value. */
export function nullableSince<D, I, O extends boolean>(
  version: number,
  type: Type<D, I, O>,
): Type<D | null, I | null, true> {
  return { ...type, nullableFrom: version } as Type<D | null, I | null, true>
}

/** Exists from `version` on. */
export function since<D, I, O extends boolean>(
  version: number,
  type: Type<D, I, O>,
): Type<D, I, true> {
  return { ...type, firstVersion: version } as Type<D, I, true>
}

/** Exists up to `version`, inclusive. */
export function until<D, I, O extends boolean>(
  version: number,
  type: Type<D, I, O>,
): Type<D, I, true> {
  return { ...type, lastVersion: version } as Type<D, I, true>
}

/** Exists from version `first` to version `last`, both inclusive. */
export function range<D, I, O extends boolean>(
  first: number,
  last: number,
  type: Type<D, I, O>,
): Type<D, I, true> {
  return { ...type, firstVersion: first, lastVersion: last } as Type<D, I, true>
}

/** Travels in the tagged section under this number, and only when it is not the default. */
export function tagged<D, I, O extends boolean>(
  tag: number,
  type: Type<D, I, O>,
): Type<D, I, true> {
  return { ...type, tag } as Type<D, I, true>
}

/** What stands in when the field is left out, or not in the version. */
export function withDefault<D, I, O extends boolean>(
  type: Type<D, I, O>,
  value: NoInfer<D>,
): Type<D, I, true> {
  return { ...type, explicitDefault: value } as Type<D, I, true>
}

const emptyBytes = Buffer.alloc(0)

/** The value of a field that is left out. Structs and bytes are shared and must not be changed. */
export function defaultOf(type: Type): unknown {
  if (type.explicitDefault !== undefined) return type.explicitDefault
  if (type.nullableFrom !== NEVER) return null
  switch (type.kind) {
    case 'bool':
      return false
    case 'string':
      return ''
    case 'bytes':
    case 'records':
      return emptyBytes
    case 'uuid':
      return ZERO_UUID
    case 'array':
      return []
    case 'struct':
      return defaultStruct(type.fields ?? {})
    default:
      return 0
  }
}

function defaultStruct(fields: Fields): object {
  const entries = Object.entries(fields).map(([name, type]) => [name, defaultOf(type)])
  return Object.freeze(Object.fromEntries(entries))
}
