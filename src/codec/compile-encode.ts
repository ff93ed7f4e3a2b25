// Makes the encoder of a message version: one straight function over the writer's buffer, in which
// runs of fixed-size fields share one check for room.
// Hot: what it generates has no closures and allocates nothing but a bigger buffer.
import type { EncodeFunction } from './codec.ts'
import { functionFrom } from './function-from.ts'
import { fixedSize } from './plan.ts'
import type { ArrayPlan, FieldPlan, LeafPlan, Plan, StructPlan } from './plan.ts'
import { invalid } from './reader.ts'
import * as writerParts from './writer.ts'

/** Compiles the encoder of `plan`. */
export function compileEncode(plan: StructPlan): EncodeFunction {
  const source = new EncoderSource()
  source.struct(plan, 'value')
  const body = `'use strict'
const { putVarint, putString, putCompactString, closeTagged, putUuid, putInt64, putFloat64,
  writeRecords } = parts
return (w, value) => {
let b = w.buffer
let p = w.position
${source.text()}
w.position = p
}`
  const make = functionFrom(['parts', 'invalid', 'shared'], body)
  return make(writerParts, invalid, source.shared) as EncodeFunction
}

class EncoderSource {
  readonly shared: unknown[] = []
  readonly #lines: string[] = []
  #names = 0
  /** Fixed-size fields that wait for their common check for room. */
  #run: string[] = []
  #runBytes = 0

  text(): string {
    return this.#lines.join('\n')
  }

  /** Emits the code that writes the struct which the expression `value` stands for. */
  struct(plan: StructPlan, value: string): void {
    for (const field of plan.fields) {
      if (field.present && field.tag === undefined)
        this.#value(field.plan, this.#read(field, value))
    }
    this.#flush()
    if (plan.flexible) this.#taggedSection(plan, value)
  }

  /** Emits the reading of a property, its default standing in for undefined. */
  #read(field: FieldPlan, value: string): string {
    const name = this.#name()
    const property = `${value}[${JSON.stringify(field.name)}]`
    if (!field.optional) {
      this.#emit(`const ${name} = ${property}`)
      const path = JSON.stringify(field.plan.path)
      this.#emit(`if (${name} === undefined) invalid(${path}, 'is left out')`)
    } else {
      this.#emit(`let ${name} = ${property}`)
      this.#emit(`if (${name} === undefined) ${name} = ${this.#literal(field.defaultValue)}`)
    }
    return name
  }

  #value(plan: Plan, value: string): void {
    switch (plan.kind) {
      case 'struct':
        return this.#nestedStruct(plan, value)
      case 'array':
        return this.#array(plan, value)
      case 'string':
        return this.#string(plan, value)
      case 'bytes':
        return this.#bytes(plan, value)
      case 'records':
        return this.#records(plan, value)
      default:
        for (const line of fixedStatements(plan, value, this.#runBytes)) this.#run.push(line)
        this.#runBytes += plan.minimum
    }
  }

  #flush(): void {
    if (this.#runBytes === 0) return
    this.#room(String(this.#runBytes))
    for (const line of this.#run) this.#emit(line)
    this.#emit(`p += ${this.#runBytes}`)
    this.#run = []
    this.#runBytes = 0
  }

  #room(bytes: string): void {
    this.#emit(`if (p + ${bytes} > b.length) b = w.grow(p, ${bytes})`)
  }

  #nestedStruct(plan: StructPlan, value: string): void {
    this.#flush()
    if (!plan.nullable) return this.struct(plan, value)
    this.#room('1')
    this.#emit(`b[p++] = ${value} === null ? ${plan.nullMark} : 1`)
    this.#emit(`if (${value} !== null) {`)
    this.struct({ ...plan, nullable: false }, value)
    this.#emit('}')
  }

  /** Emits what is written for null, and opens the branch for everything else. */
  #ifNull(plan: Plan, value: string, bytes: 2 | 4): void {
    this.#flush()
    this.#emit(`if (${value} === null) {`)
    if (plan.nullable || plan.nullAsEmpty) {
      const length = plan.nullable ? -1 : 0
      this.#room(String(bytes))
      if (plan.flexible) this.#emit(`b[p++] = ${length + 1}`)
      else this.#emit(`b.fill(${length}, p, p + ${bytes}); p += ${bytes}`)
    } else {
      this.#emit(`invalid(${JSON.stringify(plan.path)}, 'must not be null')`)
    }
    this.#emit('} else {')
  }

  #string(plan: LeafPlan, value: string): void {
    this.#ifNull(plan, value, 2)
    this.#room(`${value}.length * 3 + 5`)
    this.#emit(`p = ${plan.flexible ? 'putCompactString' : 'putString'}(b, p, ${value})`)
    this.#emit('}')
  }

  #length(plan: Plan, length: string): void {
    if (plan.flexible) this.#emit(`p = putVarint(b, p, ${length} + 1)`)
    else this.#emit(`b.writeInt32BE(${length}, p); p += 4`)
  }

  #bytes(plan: LeafPlan, value: string): void {
    this.#ifNull(plan, value, 4)
    this.#room(`${value}.length + 5`)
    this.#length(plan, `${value}.length`)
    this.#emit(`b.set(${value}, p)`)
    this.#emit(`p += ${value}.length`)
    this.#emit('}')
  }

  #records(plan: LeafPlan, value: string): void {
    this.#ifNull(plan, value, 4)
    this.#emit(`w.position = p; writeRecords(w, ${value}, ${plan.flexible})`)
    this.#emit('p = w.position; b = w.buffer')
    this.#emit('}')
  }

  #array(plan: ArrayPlan, value: string): void {
    this.#ifNull(plan, value, 4)
    const index = this.#name()
    const element = this.#name()
    const fixed = fixedSize(plan.element.kind)
    this.#room(fixed === undefined ? '5' : `${value}.length * ${fixed} + 5`)
    this.#length(plan, `${value}.length`)
    this.#emit(`for (let ${index} = 0; ${index} < ${value}.length; ${index}++) {`)
    this.#emit(`const ${element} = ${value}[${index}]`)
    this.#value(plan.element, element)
    this.#flush()
    this.#emit('}')
    this.#emit('}')
  }

  #taggedSection(plan: StructPlan, value: string): void {
    const fields = plan.fields.filter((field) => field.present && field.tag !== undefined)
    fields.sort((a, b) => (a.tag ?? 0) - (b.tag ?? 0))
    const chosen = fields.map((field) => {
      const content = this.#read(field, value)
      const given = this.#name()
      this.#emit(`const ${given} = !(${this.#isDefault(field, content)})`)
      return { field, content, given }
    })
    this.#room('1')
    const count = chosen.map(({ given }) => `(${given} ? 1 : 0)`).join(' + ')
    this.#emit(`b[p++] = ${count === '' ? 0 : count}`)
    for (const { field, content, given } of chosen) {
      this.#emit(`if (${given}) {`)
      this.#taggedField(field, content)
      this.#emit('}')
    }
  }

  #taggedField(field: FieldPlan, content: string): void {
    // The size is known only afterwards: five bytes are kept for it, and closed up again.
    const start = this.#name()
    this.#room('10')
    this.#emit(`p = putVarint(b, p, ${field.tag})`)
    this.#emit(`const ${start} = p`)
    this.#emit('p += 5')
    this.#value(field.plan, content)
    this.#flush()
    this.#emit(`p = closeTagged(b, ${start}, p)`)
  }

  /** An expression that tells whether the value is the default, and so need not be written. */
  #isDefault(field: FieldPlan, value: string): string {
    const { plan, defaultValue } = field
    if (defaultValue === null || typeof defaultValue !== 'object') {
      return `${value} === ${JSON.stringify(defaultValue)}`
    }
    if (plan.kind !== 'struct') return `${value} !== null && ${value}.length === 0`
    const parts = plan.fields.map((inner) => {
      const property = `${value}[${JSON.stringify(inner.name)}]`
      return `(${property} === undefined || ${this.#isDefault(inner, property)})`
    })
    return [`${value} !== null`, ...parts].join(' && ')
  }

  #literal(value: unknown): string {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    this.shared.push(value)
    return `shared[${this.shared.length - 1}]`
  }

  #name(): string {
    return `v${this.#names++}`
  }

  #emit(line: string): void {
    this.#lines.push(line)
  }
}

function fixedStatements(plan: LeafPlan, value: string, offset: number): string[] {
  const at = (index: number): string => (offset + index === 0 ? 'p' : `p + ${offset + index}`)
  switch (plan.kind) {
    case 'bool':
      return [`b[${at(0)}] = ${value} ? 1 : 0`]
    case 'int8':
      return [`b[${at(0)}] = ${value}`]
    case 'int16':
    case 'uint16':
      return [`b[${at(0)}] = ${value} >> 8`, `b[${at(1)}] = ${value}`]
    case 'int32':
    case 'uint32':
      return [24, 16, 8, 0].map((shift, index) => `b[${at(index)}] = ${value} >> ${shift}`)
    case 'int64':
      return [`putInt64(b, ${at(0)}, ${value})`]
    case 'float64':
      return [`putFloat64(b, ${at(0)}, ${value})`]
    case 'uuid':
      return [`putUuid(b, ${at(0)}, ${value})`]
    default:
      throw new TypeError(`${plan.path}: ${plan.kind} has no fixed size`)
  }
}
