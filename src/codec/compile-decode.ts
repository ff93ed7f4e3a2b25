// Makes the decoder of a message version: one straight function in which every field is a local
// variable, runs of fixed-size fields share one check of bounds, and nothing is called per field.
// Hot: what it generates has no closures and allocates only the result.
import type { DecodeFunction } from './codec.ts'
import { functionFrom } from './function-from.ts'
import { fixedSize } from './plan.ts'
import type { ArrayPlan, FieldPlan, LeafPlan, Plan, StructPlan } from './plan.ts'
import * as reader from './reader.ts'

/** Compiles the decoder of `plan`. */
export function compileDecode(plan: StructPlan): DecodeFunction {
  const source = new DecoderSource()
  const result = source.struct(plan)
  const body = `'use strict'
const { cursor, short, invalid, readVarint, readText, readUuid, readFloat64, taggedEnd } = reader
return (b, p, end) => {
${source.text()}
return ${result}
}`
  return functionFrom(['reader', 'shared'], body)(reader, source.shared) as DecodeFunction
}

class DecoderSource {
  /** Objects that the code refers to: defaults of structs, the empty buffer. */
  readonly shared: unknown[] = []
  readonly #lines: string[] = []
  #names = 0
  /** Fixed-size fields that wait for their common check of bounds. */
  #run: string[] = []
  #runBytes = 0
  #runPath = ''

  text(): string {
    return this.#lines.join('\n')
  }

  /** Emits the code that reads a struct; answers an expression for it. */
  struct(plan: StructPlan): string {
    const values = new Map<string, string>()
    for (const field of plan.fields) {
      if (field.present && field.tag === undefined) values.set(field.name, this.#value(field.plan))
    }
    this.#flush()
    if (plan.flexible) this.#taggedSection(plan, values)
    const entries = plan.fields.map((field) => {
      const value = values.get(field.name) ?? this.#literal(field.defaultValue)
      return `${JSON.stringify(field.name)}: ${value}`
    })
    return `{ ${entries.join(', ')} }`
  }

  #value(plan: Plan): string {
    switch (plan.kind) {
      case 'struct':
        return this.#nestedStruct(plan)
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

  #fixed(plan: LeafPlan): string {
    const name = this.#name()
    if (this.#runBytes === 0) this.#runPath = plan.path
    this.#run.push(`const ${name} = ${fixedExpression(plan, this.#runBytes)}`)
    this.#runBytes += plan.minimum
    return name
  }

  #flush(): void {
    if (this.#runBytes === 0) return
    this.#emit(`if (end - p < ${this.#runBytes}) short(${JSON.stringify(this.#runPath)})`)
    for (const line of this.#run) this.#emit(line)
    this.#emit(`p += ${this.#runBytes}`)
    this.#run = []
    this.#runBytes = 0
  }

  #nestedStruct(plan: StructPlan): string {
    this.#flush()
    if (!plan.nullable) return this.struct(plan)
    const name = this.#name()
    this.#emit(`let ${name} = null`)
    this.#emit(`if (p >= end) short(${JSON.stringify(plan.path)})`)
    this.#emit(plan.nullMark === 0 ? 'if (b[p++] !== 0) {' : 'if (b[p++] < 128) {')
    this.#emit(`${name} = ${this.struct({ ...plan, nullable: false })}`)
    this.#emit('}')
    return name
  }

  /** Emits the reading of a length; -1 stands for null. */
  #length(plan: Plan, bytes: 2 | 4): string {
    this.#flush()
    const name = this.#name()
    const path = JSON.stringify(plan.path)
    if (plan.flexible) {
      this.#emit(`if (p >= end) short(${path})`)
      this.#emit(`let ${name} = b[p++]`)
      this.#emit(`if (${name} > 127) {`)
      this.#emit(`${name} = readVarint(b, p - 1, end, ${path}); p = cursor.position`)
      this.#emit('}')
      this.#emit(`${name} -= 1`)
    } else {
      this.#emit(`if (end - p < ${bytes}) short(${path})`)
      this.#emit(`const ${name} = ${bytes === 2 ? int16('p') : int32('p')}`)
      this.#emit(`p += ${bytes}`)
    }
    return name
  }

  #ifNull(plan: Plan, length: string, value: string): void {
    const path = JSON.stringify(plan.path)
    const outcome = plan.nullable ? `${value} = null` : `invalid(${path}, 'must not be null')`
    this.#emit(`if (${length} < 0) { ${outcome} } else {`)
  }

  #sized(plan: LeafPlan): string {
    const length = this.#length(plan, plan.kind === 'string' ? 2 : 4)
    const value = this.#name()
    const path = JSON.stringify(plan.path)
    this.#emit(`let ${value}`)
    this.#ifNull(plan, length, value)
    this.#emit(`if (${length} > end - p) short(${path})`)
    this.#emit(
      plan.kind === 'string'
        ? `${value} = readText(b, p, ${length}, ${path})`
        : `${value} = b.subarray(p, p + ${length})`,
    )
    this.#emit(`p += ${length}`)
    this.#emit('}')
    return value
  }

  #array(plan: ArrayPlan): string {
    const length = this.#length(plan, 4)
    const value = this.#name()
    const index = this.#name()
    const minimum = Math.max(1, plan.element.minimum)
    this.#emit(`let ${value}`)
    this.#ifNull(plan, length, value)
    this.#emit(`if (${length} * ${minimum} > end - p) short(${JSON.stringify(plan.path)})`)
    this.#emit(`${value} = ${length} > 1024 ? [] : new Array(${length})`)
    this.#emit(`for (let ${index} = 0; ${index} < ${length}; ${index}++) {`)
    const element = this.#element(plan.element)
    this.#emit(`${value}[${index}] = ${element}`)
    this.#emit('}')
    this.#emit('}')
    return value
  }

  #element(plan: Plan): string {
    // The whole array has been measured already: no check per element.
    if (plan.kind !== 'struct' && plan.kind !== 'array' && fixedSize(plan.kind) !== undefined) {
      const name = this.#name()
      this.#emit(`const ${name} = ${fixedExpression(plan, 0)}`)
      this.#emit(`p += ${plan.minimum}`)
      return name
    }
    const value = this.#value(plan)
    this.#flush()
    return value
  }

  #taggedSection(plan: StructPlan, values: Map<string, string>): void {
    const fields = plan.fields.filter((field) => field.present && field.tag !== undefined)
    for (const field of fields) {
      const name = this.#name()
      values.set(field.name, name)
      this.#emit(`let ${name} = ${this.#literal(field.defaultValue)}`)
    }
    const path = JSON.stringify(`${plan.path} tagged fields`)
    const count = this.#varint(path)
    this.#emit(`if (${count} > 0) {`)
    this.#emit(`if (${count} * 2 > end - p) short(${path})`)
    const previous = this.#name()
    this.#emit(`let ${previous} = -1`)
    const index = this.#name()
    this.#emit(`for (let ${index} = 0; ${index} < ${count}; ${index}++) {`)
    this.#taggedField(fields, values, previous, path)
    this.#emit('}')
    this.#emit('}')
  }

  #taggedField(
    fields: readonly FieldPlan[],
    values: Map<string, string>,
    previous: string,
    path: string,
  ): void {
    const tag = this.#varint(path)
    this.#emit(`if (${tag} <= ${previous}) invalid(${path}, 'tags do not ascend')`)
    this.#emit(`${previous} = ${tag}`)
    const size = this.#varint(path)
    const after = this.#name()
    this.#emit(`const ${after} = taggedEnd(${size}, p, end, ${path})`)
    this.#emit(`switch (${tag}) {`)
    for (const field of fields) {
      this.#emit(`case ${field.tag}: {`)
      // Inside, `end` is where the field ends.
      this.#emit('const outer = end; end = ' + after)
      const value = this.#value(field.plan)
      this.#flush()
      this.#emit(`${values.get(field.name)} = ${value}`)
      const fieldPath = JSON.stringify(field.plan.path)
      this.#emit(`if (p !== end) invalid(${fieldPath}, 'its size is not that of its content')`)
      this.#emit('end = outer')
      this.#emit('break }')
    }
    this.#emit(`default: p = ${after}`)
    this.#emit('}')
  }

  #varint(path: string): string {
    const name = this.#name()
    this.#emit(`if (p >= end) short(${path})`)
    this.#emit(`let ${name} = b[p++]`)
    this.#emit(`if (${name} > 127) {`)
    this.#emit(`${name} = readVarint(b, p - 1, end, ${path}); p = cursor.position`)
    this.#emit('}')
    return name
  }

  #literal(value: unknown): string {
    if (Array.isArray(value)) return '[]'
    if (typeof value === 'object' && value !== null) {
      this.shared.push(value)
      return `shared[${this.shared.length - 1}]`
    }
    return JSON.stringify(value)
  }

  #name(): string {
    return `v${this.#names++}`
  }

  #emit(line: string): void {
    this.#lines.push(line)
  }
}

const at = (position: string, offset: number): string =>
  offset === 0 ? position : `${position} + ${offset}`

function int16(position: string, offset = 0): string {
  return `((b[${at(position, offset)}] << 24) >> 16) | b[${at(position, offset + 1)}]`
}

function int32(position: string, offset = 0): string {
  const byte = (index: number): string => `b[${at(position, offset + index)}]`
  return `(${byte(0)} << 24) | (${byte(1)} << 16) | (${byte(2)} << 8) | ${byte(3)}`
}

function fixedExpression(plan: LeafPlan, offset: number): string {
  switch (plan.kind) {
    case 'bool':
      return `b[${at('p', offset)}] !== 0`
    case 'int8':
      return `(b[${at('p', offset)}] << 24) >> 24`
    case 'int16':
      return int16('p', offset)
    case 'uint16':
      return `(b[${at('p', offset)}] << 8) | b[${at('p', offset + 1)}]`
    case 'int32':
      return int32('p', offset)
    case 'uint32':
      return `(${int32('p', offset)}) >>> 0`
    case 'int64':
      return `(${int32('p', offset)}) * 4294967296 + ((${int32('p', offset + 4)}) >>> 0)`
    case 'float64':
      return `readFloat64(b, ${at('p', offset)})`
    case 'uuid':
      return `readUuid(b, ${at('p', offset)})`
    default:
      throw new TypeError(`${plan.path}: ${plan.kind} has no fixed size`)
  }
}
