// Random values of a message version, and damage to bytes: the same seed gives the same ones.
import type { Plan, StructPlan } from '../../src/codec/plan.ts'

/** A small generator of numbers from a seed (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return this.uint32() % limit
  }

  oneIn(count: number): boolean {
    return this.below(count) === 0
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)))
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)]
    if (choice === undefined) throw new Error('nothing to choose from')
    return choice
  }
}

/** A value of the struct, as decoding would yield it. */
export function randomStruct(plan: StructPlan, dice: Dice): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const { name, present, tag, defaultValue, plan: inner } of plan.fields) {
    const absent = !present || (tag !== undefined && dice.oneIn(2))
    value[name] = absent ? defaultValue : randomValue(inner, dice)
  }
  return value
}

function randomValue(plan: Plan, dice: Dice): unknown {
  if (plan.nullable && dice.oneIn(4)) return null
  switch (plan.kind) {
    case 'struct':
      return randomStruct(plan, dice)
    case 'array':
      return Array.from({ length: dice.below(4) }, () => randomValue(plan.element, dice))
    case 'string':
      return randomText(dice)
    case 'bytes':
    case 'records':
      return dice.bytes(dice.pick([0, 1, 5, 130]))
    case 'uuid':
      return dice.bytes(16).toString('base64url')
    case 'bool':
      return dice.oneIn(2)
    case 'float64':
      return dice.pick([0.5, -1e300, 3])
    default:
      return randomInteger(plan.kind, dice)
  }
}

const INTEGERS: Record<string, readonly number[]> = {
  int8: [0, -1, 1, 127, -128],
  int16: [0, -1, 300, 32767, -32768],
  uint16: [0, 9092, 65535],
  int32: [0, -1, 70_000, 0x7fffffff, -0x80000000],
  uint32: [0, 0xffffffff],
  int64: [0, -1, 2 ** 31, -(2 ** 33), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
}

function randomInteger(kind: string, dice: Dice): number {
  return dice.pick(INTEGERS[kind] ?? [0])
}

function randomText(dice: Dice): string {
  const unit = dice.pick(['a', 'topic', 'é', '漢字', '🦦', ' '])
  return unit.repeat(dice.pick([0, 1, 2, 9, 50, 200]))
}

/** The bytes with one kind of damage; often to something that looks like a length. */
export function damage(bytes: Buffer, dice: Dice): Buffer {
  const at = dice.below(bytes.length + 1)
  switch (dice.below(6)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return overwrite(bytes, at, dice.bytes(1))
    case 2:
      return overwrite(bytes, at, Buffer.from([0x7f, 0xff, 0xff, 0xff]))
    case 3:
      return overwrite(
        bytes,
        at,
        Buffer.from([0xff, 0xff, 0xff, 0xff, dice.pick([0x07, 0x0f, 0x7f])]),
      )
    case 4:
      return Buffer.concat([bytes.subarray(0, at), dice.bytes(3), bytes.subarray(at)])
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(dice.below(bytes.length + 1))])
  }
}

function overwrite(bytes: Buffer, at: number, by: Buffer): Buffer {
  const changed = Buffer.from(bytes)
  by.copy(changed, at)
  return changed
}
