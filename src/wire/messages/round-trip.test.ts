// Random messages of every version: compiled and interpreted codecs write the same bytes and read
// back what was written; damaged bytes are refused by both or by neither.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { compileEncode } from '../../codec/compile-encode.ts'
import { interpretDecode } from '../../codec/interpret.ts'
import { Writer } from '../../codec/writer.ts'
import { fuzzOnce, interpretedBytes, subjects } from '../../../test/fuzz/codec-fuzz.ts'
import { Dice, randomStruct } from '../../../test/fuzz/random-message.ts'

const all = subjects()

test('compiled and interpreted codecs agree on random messages of every version', () => {
  const writer = new Writer()
  for (const { name, version, plan, compiled } of all) {
    const encode = compileEncode(plan)
    const property = fc.property(fc.integer(), (seed) => {
      const value = randomStruct(plan, new Dice(seed))
      const expected = interpretedBytes(plan, value)
      writer.start(0)
      encode(writer, value)
      const bytes = writer.finish()
      assert.deepEqual(bytes, expected, `${name} v${version} bytes`)
      assert.ok(bytes.length >= plan.minimum, `${name} v${version} minimum`)
      const decoded = compiled(bytes, 0, bytes.length)
      assert.deepEqual(decoded, value, `${name} v${version} compiled`)
      assert.deepEqual(interpretDecode(plan, bytes, 0, bytes.length), value)
    })
    fc.assert(property, { numRuns: 4 })
  }
})

test('damaged messages of every version are refused with CodecError or decoded, alike', () => {
  const property = fc.property(fc.nat(), (seed) => {
    for (const subject of all) fuzzOnce(subject, seed)
  })
  fc.assert(property, { numRuns: 6 })
})
