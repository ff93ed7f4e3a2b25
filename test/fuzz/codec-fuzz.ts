// Damages valid messages and decodes them. A decoder may only answer a value or throw CodecError,
// and the compiled one must do exactly as the interpreter does.
import assert from 'node:assert/strict'

import type { Codec } from '../../src/codec/codec.ts'
import { CodecError } from '../../src/codec/codec-error.ts'
import { compileDecode } from '../../src/codec/compile-decode.ts'
import type { DecodeFunction } from '../../src/codec/codec.ts'
import { interpretDecode, interpretEncode } from '../../src/codec/interpret.ts'
import { planFor } from '../../src/codec/plan.ts'
import type { StructPlan } from '../../src/codec/plan.ts'
import { Writer } from '../../src/codec/writer.ts'
import { apis } from '../../src/wire/messages/all.ts'
import * as consumerGroupRecords from '../../src/wire/messages/consumer-group-records.ts'
import * as consumerProtocol from '../../src/wire/messages/consumer-protocol.ts'
import * as groupRecords from '../../src/wire/messages/group-records.ts'
import { decodeRequestHeader } from '../../src/wire/messages/headers.ts'
import * as transactionRecords from '../../src/wire/messages/transaction-records.ts'
import { Dice, damage, randomStruct } from './random-message.ts'

/** One version of a message. */
export interface Subject {
  readonly name: string
  readonly version: number
  readonly plan: StructPlan
  readonly compiled: DecodeFunction
}

/** Every version of every message that comes from outside or from disk. */
export function subjects(): Subject[] {
  const codecs: Codec[] = [...apis.values()].flatMap((api) => [api.request, api.response])
  for (const module of [consumerGroupRecords, consumerProtocol, groupRecords, transactionRecords]) {
    codecs.push(...Object.values(module))
  }
  return codecs.flatMap((codec) => {
    const versions = Array.from(
      { length: codec.maxVersion - codec.minVersion + 1 },
      (_, index) => codec.minVersion + index,
    )
    return versions.map((version) => {
      const plan = planFor(codec.name, codec.fields, version, version >= codec.flexible)
      return { name: codec.name, version, plan, compiled: compileDecode(plan) }
    })
  })
}

const writer = new Writer()

/** The bytes of a value, by the interpreter. */
export function interpretedBytes(plan: StructPlan, value: unknown): Buffer {
  writer.start(0)
  interpretEncode(plan, writer, value)
  return writer.finish()
}

/** Damages one random message of `subject` and checks what the decoders make of it. */
export function fuzzOnce(subject: Subject, seed: number): void {
  const dice = new Dice(seed)
  let bytes = interpretedBytes(subject.plan, randomStruct(subject.plan, dice))
  for (let times = 1 + dice.below(3); times > 0; times--) bytes = damage(bytes, dice)
  const expected = outcome(() => interpretDecode(subject.plan, bytes, 0, bytes.length))
  const actual = outcome(() => subject.compiled(bytes, 0, bytes.length))
  assert.deepEqual(actual, expected)
  outcome(() => decodeRequestHeader(bytes))
}

function outcome(decode: () => unknown): unknown {
  try {
    return { value: decode() }
  } catch (error) {
    if (error instanceof CodecError) return { refused: true }
    throw error
  }
}
