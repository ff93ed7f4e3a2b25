// The codecs of one message, one per version, each compiled when it is first used; where code may
// not be made from strings, the interpreter takes over and gives the same results.
import { CodecError } from './codec-error.ts'
import { compileDecode } from './compile-decode.ts'
import { compileEncode } from './compile-encode.ts'
import { canCompile } from './function-from.ts'
import { interpretDecode, interpretEncode } from './interpret.ts'
import type { DecodedFields, Fields, InputFields } from './language.ts'
import { planFor } from './plan.ts'
import type { StructPlan } from './plan.ts'
import { Writer } from './writer.ts'

/** Reads a struct from `position`, no further than `end`. */
export type DecodeFunction = (buffer: Buffer, position: number, end: number) => unknown
/** Appends a struct. */
export type EncodeFunction = (writer: Writer, value: unknown) => void

/** Encoding and decoding of one message in all its versions. */
export interface Codec<Decoded = object, Input = never> {
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  readonly flexible: number
  readonly fields: Fields
  /**
   * Throws CodecError. Bytes and records are views of `buffer`. Bytes after the message are left.
   */
  decode(version: number, buffer: Buffer, position?: number, end?: number): Decoded
  /** One buffer; the first `headroom` bytes are left for the caller to fill. */
  encode(version: number, value: Input, headroom?: number): Buffer
  /**
   * The same bytes in several buffers: record batches by reference instead of copied. The first
   * buffer begins with `headroom` bytes for the caller to fill.
   */
  encodeSegments(version: number, value: Input, headroom?: number): Buffer[]
  /**
   * The int16 at the start of a key or value of an internal topic, checked to be a known version.
   */
  leadingVersion(buffer: Buffer): number
}

/** The one writer: encoding is synchronous and never calls back, so it is never in use twice. */
const writer = new Writer()

/** Makes the codecs of a message from its declaration. */
export function codec<F extends Fields>(
  name: string,
  versions: readonly [number, number],
  flexible: number,
  fields: F,
): Codec<DecodedFields<F>, InputFields<F>> {
  const [minVersion, maxVersion] = versions
  const decoders: (DecodeFunction | undefined)[] = []
  const encoders: (EncodeFunction | undefined)[] = []
  const plan = (version: number): StructPlan => {
    if (version < minVersion || version > maxVersion || !Number.isInteger(version)) {
      throw new CodecError(`${name} has no version ${version}`)
    }
    return planFor(name, fields, version, version >= flexible)
  }
  const write = (version: number, value: unknown, headroom: number): void => {
    writer.start(headroom)
    const encoder = (encoders[version] ??= makeEncode(plan(version)))
    encoder(writer, value)
  }
  return {
    name,
    minVersion,
    maxVersion,
    flexible,
    fields,
    decode(version, buffer, position = 0, end = buffer.length) {
      const decoder = (decoders[version] ??= makeDecode(plan(version)))
      if (end > buffer.length || position > end) throw new CodecError(`${name}: no bytes left`)
      return decoder(buffer, position, end) as DecodedFields<F>
    },
    encode(version, value, headroom = 0) {
      write(version, value, headroom)
      return writer.finish()
    },
    encodeSegments(version, value, headroom = 0) {
      write(version, value, headroom)
      return writer.finishSegments()
    },
    leadingVersion(buffer) {
      if (buffer.length < 2) throw new CodecError(`${name}: no version`)
      const version = buffer.readInt16BE(0)
      if (version < minVersion || version > maxVersion) {
        throw new CodecError(`${name} has no version ${version}`)
      }
      return version
    },
  }
}

function makeDecode(plan: StructPlan): DecodeFunction {
  if (canCompile) return compileDecode(plan)
  return (buffer, position, end) => interpretDecode(plan, buffer, position, end)
}

function makeEncode(plan: StructPlan): EncodeFunction {
  if (canCompile) return compileEncode(plan)
  return (target, value) => interpretEncode(plan, target, value)
}
