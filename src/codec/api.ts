// An API of the protocol (a request and its response), or a versioned message that stands alone,
// with codecs for every version. A version's codec is compiled when it is first used.
import { codec } from './codec.ts'
import type { Codec } from './codec.ts'
import type { DecodedFields, Fields, InputFields } from './language.ts'

/** What `api` makes: a pair of codecs and the numbers they are known by. */
export interface Api<
  Request = object,
  RequestInput = never,
  Response = object,
  ResponseInput = never,
> {
  readonly key: number
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  /** First version with compact lengths and tagged fields; NEVER (infinity) when there is none. */
  readonly flexible: number
  readonly request: Codec<Request, RequestInput>
  readonly response: Codec<Response, ResponseInput>
  supports(version: number): boolean
  requestHeaderVersion(version: number): 0 | 1 | 2
  responseHeaderVersion(version: number): 0 | 1
}

/** An API whose messages are not known at compile time. */
export type AnyApi = Api

/** A decoded request: every field is present. */
export type Request<A> = A extends Api<infer R, never, object, never> ? R : never
/** A request to encode: fields with a default, or not in all versions, may be left out. */
export type RequestInput<A> = A extends { request: Codec<object, infer I> } ? I : never
/** A decoded response: every field is present. */
export type Response<A> = A extends Api<object, never, infer R, never> ? R : never
/** A response to encode. */
export type ResponseInput<A> = A extends { response: Codec<object, infer I> } ? I : never

const CONTROLLED_SHUTDOWN = 7
const API_VERSIONS = 18

/** Declares an API. `flexible` is its first flexible version. */
export function api<Q extends Fields, S extends Fields>(declaration: {
  key: number
  name: string
  versions: readonly [number, number]
  flexible: number
  request: Q
  response: S
}): Api<DecodedFields<Q>, InputFields<Q>, DecodedFields<S>, InputFields<S>> {
  const { key, name, versions, flexible } = declaration
  const [minVersion, maxVersion] = versions
  return {
    key,
    name,
    minVersion,
    maxVersion,
    flexible,
    request: codec(`${name} request`, versions, flexible, declaration.request),
    response: codec(`${name} response`, versions, flexible, declaration.response),
    supports: (version) => version >= minVersion && version <= maxVersion,
    requestHeaderVersion(version) {
      if (key === CONTROLLED_SHUTDOWN && version === 0) return 0
      return version >= flexible ? 2 : 1
    },
    // A client must be able to read the answer before it knows what the broker speaks (KIP-511).
    responseHeaderVersion: (version) => (key !== API_VERSIONS && version >= flexible ? 1 : 0),
  }
}

/** A versioned message that is not a request: the key or value of a record in an internal topic. */
export interface Message<Decoded = object, Input = never> extends Codec<Decoded, Input> {
  /** The bytes led by their version (int16), as keys and values carry it. */
  encodeVersioned(version: number, value: Input): Buffer
  /** Reads the leading version, then the fields. Throws CodecError for an unknown version. */
  decodeVersioned(buffer: Buffer): { version: number; value: Decoded }
}

/** A decoded message: every field is present. */
export type Decoded<M> = M extends Codec<infer D, never> ? D : never
/** A message to encode. */
export type Input<M> = M extends { encode(version: number, value: infer I): Buffer } ? I : never

/** Declares a message that stands alone. */
export function message<F extends Fields>(declaration: {
  name: string
  versions: readonly [number, number]
  flexible: number
  fields: F
}): Message<DecodedFields<F>, InputFields<F>> {
  const { name, versions, flexible, fields } = declaration
  const plain = codec(name, versions, flexible, fields)
  return {
    ...plain,
    encodeVersioned(version, value) {
      const encoded = plain.encode(version, value, 2)
      encoded.writeInt16BE(version, 0)
      return encoded
    },
    decodeVersioned(buffer) {
      const version = plain.leadingVersion(buffer)
      return { version, value: plain.decode(version, buffer, 2) }
    },
  }
}
