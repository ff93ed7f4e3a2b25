import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lz4Arena } from './lz4-arena.ts'
import { lz4DecodeBlock } from './lz4-block.ts'
import { lz4EncodeBlock, MAX_BLOCK_BYTES } from './lz4-encoder.ts'

const ROOM = 4096

/** What both decoders make of a block: the code or end, and the bytes. */
function decoded(block: Buffer, limit: number): [number, string][] {
  const plain = Buffer.alloc(ROOM)
  const arena = lz4Arena().prepare(block.length, ROOM)
  arena.fill(0)
  const ends = [
    lz4DecodeBlock(block, 0, block.length, plain, 0, limit, 0),
    lz4Arena().decode(block, 0, block.length, arena, 0, limit, 0),
  ]
  return [plain, arena].map((output, index) => {
    const end = ends[index] ?? 0
    return [end, output.toString('latin1', 0, Math.max(end, 0))]
  })
}

const LEVELS = [1, 3, 6, 9, 10, 12, 17]

test('both decoders give back what was encoded, at every level', () => {
  const words = fc.array(
    fc.constantFrom('orders', 'aa', '{"id":', '0', 'customer-', 'x'.repeat(40), 'y'.repeat(700)),
  )
  fc.assert(
    fc.property(words, fc.constantFrom(...LEVELS), (parts, level) => {
      const source = Buffer.from(parts.join('')).subarray(0, ROOM)
      const block = Buffer.from(lz4EncodeBlock(source, 0, source.length, level))
      const [plain, arena] = decoded(block, ROOM)
      assert.deepEqual(plain, [source.length, source.toString('latin1')])
      assert.deepEqual(arena, plain)
    }),
    { numRuns: 500 },
  )
})

test('blocks of full size: nothing but one byte, noise, a few random places changed', () => {
  const same = Buffer.alloc(MAX_BLOCK_BYTES, 7)
  const noise = Buffer.from(same)
  let state = 1
  for (let at = 0; at < noise.length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    noise[at] = state >>> 16
  }
  const half = Buffer.concat([noise.subarray(0, 32_768), noise.subarray(0, 32_768)])
  for (const [source, most] of [
    [same, 300],
    [half, 33_500],
    [noise, 66_000],
  ] as const) {
    for (const level of LEVELS) {
      const block = Buffer.from(lz4EncodeBlock(source, 0, source.length, level))
      assert.ok(block.length < most, `${block.length} bytes at level ${level}`)
      const output = Buffer.alloc(MAX_BLOCK_BYTES)
      assert.equal(lz4DecodeBlock(block, 0, block.length, output, 0, output.length, 0), 65_536)
      assert.ok(output.equals(source))
    }
  }
})

test('a higher level never makes a longer block of ordinary records', () => {
  const lines = Array.from(
    { length: 900 },
    (_, index) => `{"id":${index * 7919},"city":"c${index % 37}","amount":${(index * 31) % 997}}`,
  )
  const source = Buffer.from(lines.join('\n')).subarray(0, MAX_BLOCK_BYTES)
  const sizes = [1, 3, 4, 5, 6, 7, 8, 10, 11, 12].map(
    (level) => lz4EncodeBlock(source, 0, source.length, level).length,
  )
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => b - a),
  )
  const fastest = lz4EncodeBlock(source, 0, source.length, 9).length
  assert.ok((sizes.at(-1) ?? 0) < fastest * 0.9, `${sizes.join(' ')}; ${fastest}`)
})

test('both decoders agree on bytes that no encoder wrote, and on too little room', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(bytes, fc.nat({ max: ROOM }), (noise, limit) => {
      const [plain, arena] = decoded(Buffer.from(noise), limit)
      assert.deepEqual(arena, plain)
    }),
    { numRuns: 2000 },
  )
})
