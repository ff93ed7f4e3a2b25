// Decodes and encodes by walking the plan. Slower than compiled code and much easier to believe:
// it is what compiled codecs are tested against, and the fallback where code may not be made from
// strings.
import { fixedSize } from './plan.ts'
import type { ArrayPlan, FieldPlan, LeafPlan, Plan, StructPlan } from './plan.ts'
import {
  cursor,
  invalid,
  readFloat64,
  readInt64,
  readText,
  readUuid,
  readVarint,
  short,
  taggedEnd,
} from './reader.ts'
import {
  closeTagged,
  putCompactString,
  putFloat64,
  putInt64,
  putString,
  putUuid,
  putVarint,
  writeRecords,
} from './writer.ts'
import type { Writer } from './writer.ts'

/** Decodes as `compileDecode(plan)` does. */
export function interpretDecode(
  plan: StructPlan,
  buffer: Buffer,
  position: number,
  end: number,
): unknown {
  return new Interpretation(buffer, position, end).struct(plan)
}

class Interpretation {
  readonly #buffer: Buffer
  #position: number
  #end: number

  constructor(buffer: Buffer, position: number, end: number) {
    this.#buffer = buffer
    this.#position = position
    this.#end = end
  }

  struct(plan: StructPlan): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    for (const field of plan.fields) {
      const inBody = field.present && field.tag === undefined
      values[field.name] = inBody ? this.#value(field.plan) : copyDefault(field.defaultValue)
    }
    if (plan.flexible) this.#taggedSection(plan, values)
    return values
  }

  #value(plan: Plan): unknown {
    switch (plan.kind) {
      case 'struct':
        if (plan.nullable && isNullMark(plan, this.#take(1, plan.path))) return null
        return this.struct(plan)
      case 'array':
        return this.#array(plan)
      case 'string':
      case 'bytes':
      case 'records':
        return this.#sized(plan)
      default:
        return this.#fixed(plan)
    }
  }

  /** Takes bytes that must be there; answers the first. */
  #take(bytes: number, path: string): number {
    if (this.#end - this.#position < bytes) short(path)
    const first = this.#buffer[this.#position] ?? 0
    this.#position += bytes
    return first
  }

  #fixed(plan: LeafPlan): number | boolean | string {
    const at = this.#position
    this.#take(plan.minimum, plan.path)
    switch (plan.kind) {
      case 'bool':
        return this.#buffer[at] !== 0
      case 'int8':
        return this.#buffer.readInt8(at)
      case 'int16':
        return this.#buffer.readInt16BE(at)
      case 'uint16':
        return this.#buffer.readUInt16BE(at)
      case 'int32':
        return this.#buffer.readInt32BE(at)
      case 'uint32':
        return this.#buffer.readUInt32BE(at)
      case 'int64':
        return readInt64(this.#buffer, at)
      case 'float64':
        return readFloat64(this.#buffer, at)
      default:
        return readUuid(this.#buffer, at)
    }
  }

  #varint(path: string): number {
    const value = readVarint(this.#buffer, this.#position, this.#end, path)
    this.#position = cursor.position
    return value
  }

  /** Reads a length; undefined stands for null. */
  #length(plan: Plan, bytes: 2 | 4): number | undefined {
    const length = plan.flexible ? this.#varint(plan.path) - 1 : this.#plainLength(plan, bytes)
    if (length >= 0) return length
    return plan.nullable ? undefined : invalid(plan.path, 'must not be null')
  }

  #plainLength(plan: Plan, bytes: 2 | 4): number {
    this.#take(bytes, plan.path)
    return this.#buffer.readIntBE(this.#position - bytes, bytes)
  }

  #sized(plan: LeafPlan): Buffer | string | null {
    const length = this.#length(plan, plan.kind === 'string' ? 2 : 4)
    if (length === undefined) return null
    const at = this.#position
    if (length > this.#end - at) short(plan.path)
    this.#position += length
    if (plan.kind === 'string') return readText(this.#buffer, at, length, plan.path)
    return this.#buffer.subarray(at, at + length)
  }

  #array(plan: ArrayPlan): unknown[] | null {
    const length = this.#length(plan, 4)
    if (length === undefined) return null
    const minimum = Math.max(1, plan.element.minimum)
    if (length * minimum > this.#end - this.#position) short(plan.path)
    return Array.from({ length }, () => this.#value(plan.element))
  }

  #taggedSection(plan: StructPlan, values: Record<string, unknown>): void {
    const path = `${plan.path} tagged fields`
    const count = this.#varint(path)
    if (count * 2 > this.#end - this.#position) short(path)
    let previous = -1
    for (let index = 0; index < count; index++) {
      const tag = this.#varint(path)
      if (tag <= previous) invalid(path, 'tags do not ascend')
      previous = tag
      const after = taggedEnd(this.#varint(path), this.#position, this.#end, path)
      const field = plan.fields.find((candidate) => candidate.present && candidate.tag === tag)
      if (field !== undefined) values[field.name] = this.#taggedField(field, after)
      this.#position = after
    }
  }

  #taggedField(field: FieldPlan, after: number): unknown {
    const outer = this.#end
    this.#end = after
    const value = this.#value(field.plan)
    if (this.#position !== after) {
      invalid(field.plan.path, 'its size is not that of its content')
    }
    this.#end = outer
    return value
  }
}

function isNullMark(plan: StructPlan, byte: number): boolean {
  return plan.nullMark === 0 ? byte === 0 : byte >= 128
}

function copyDefault(value: unknown): unknown {
  return Array.isArray(value) ? [] : value
}

/** Encodes as `compileEncode(plan)` does. */
export function interpretEncode(plan: StructPlan, writer: Writer, value: unknown): void {
  for (const field of plan.fields) {
    if (field.present && field.tag === undefined) {
      encodeValue(field.plan, writer, fieldValue(field, value))
    }
  }
  if (plan.flexible) encodeTagged(plan, writer, value)
}

function fieldValue(field: FieldPlan, value: unknown): unknown {
  const given = (value as Record<string, unknown>)[field.name]
  if (given !== undefined) return given
  return field.optional ? field.defaultValue : invalid(field.plan.path, 'is left out')
}

function encodeValue(plan: Plan, writer: Writer, value: unknown): void {
  if (fixedSize(plan.kind) !== undefined) return encodeFixed(plan, writer, value)
  if (plan.kind === 'struct') return encodeStruct(plan, writer, value)
  if (value === null) return encodeNull(plan, writer)
  switch (plan.kind) {
    case 'string':
      return encodeString(plan, writer, value as string)
    case 'records':
      return writeRecords(writer, value as Uint8Array, plan.flexible)
    case 'array': {
      const elements = value as readonly unknown[]
      encodeLength(plan, writer, elements.length)
      for (const element of elements) encodeValue(plan.element, writer, element)
      return
    }
    default: {
      const content = value as Uint8Array
      encodeLength(plan, writer, content.length)
      room(writer, content.length).set(content, writer.position)
      writer.position += content.length
    }
  }
}

function room(writer: Writer, bytes: number): Buffer {
  if (writer.position + bytes > writer.buffer.length) writer.grow(writer.position, bytes)
  return writer.buffer
}

function encodeStruct(plan: StructPlan, writer: Writer, value: unknown): void {
  if (plan.nullable) {
    room(writer, 1).writeUInt8(value === null ? plan.nullMark : 1, writer.position++)
    if (value === null) return
  }
  interpretEncode(plan, writer, value)
}

function encodeNull(plan: Plan, writer: Writer): void {
  if (!plan.nullable && !plan.nullAsEmpty) invalid(plan.path, 'must not be null')
  const length = plan.nullable ? -1 : 0
  if (plan.kind === 'string' && !plan.flexible) {
    writer.position = room(writer, 2).writeInt16BE(length, writer.position)
  } else {
    encodeLength(plan, writer, length)
  }
}

function encodeLength(plan: Plan, writer: Writer, length: number): void {
  const buffer = room(writer, 5)
  writer.position = plan.flexible
    ? putVarint(buffer, writer.position, length + 1)
    : buffer.writeInt32BE(length, writer.position)
}

function encodeString(plan: Plan, writer: Writer, text: string): void {
  const buffer = room(writer, text.length * 3 + 5)
  const put = plan.flexible ? putCompactString : putString
  writer.position = put(buffer, writer.position, text)
}

function encodeFixed(plan: Plan, writer: Writer, value: unknown): void {
  const buffer = room(writer, plan.minimum)
  const at = writer.position
  writer.position += plan.minimum
  const number = Number(value)
  if (plan.kind === 'uuid') putUuid(buffer, at, value as string)
  else if (plan.kind === 'int64') putInt64(buffer, at, number)
  else if (plan.kind === 'float64') putFloat64(buffer, at, number)
  else if (plan.minimum === 1) buffer[at] = number
  else if (plan.minimum === 2) buffer.writeUInt16BE(number & 0xffff, at)
  else buffer.writeInt32BE(number | 0, at)
}

function encodeTagged(plan: StructPlan, writer: Writer, value: unknown): void {
  const given = plan.fields.filter(
    (field) =>
      field.present && field.tag !== undefined && !isDefault(field, fieldValue(field, value)),
  )
  given.sort((a, b) => (a.tag ?? 0) - (b.tag ?? 0))
  writer.position = putVarint(room(writer, 5), writer.position, given.length)
  for (const field of given) {
    const start = putVarint(room(writer, 10), writer.position, field.tag ?? 0)
    writer.position = start + 5
    encodeValue(field.plan, writer, fieldValue(field, value))
    writer.position = closeTagged(writer.buffer, start, writer.position)
  }
}

function isDefault(field: FieldPlan, value: unknown): boolean {
  const { plan, defaultValue } = field
  if (defaultValue === null || typeof defaultValue !== 'object') return value === defaultValue
  if (value === null) return false
  if (plan.kind !== 'struct') return (value as { length: number }).length === 0
  return plan.fields.every((inner) => isDefault(inner, fieldValue(inner, value)))
}
