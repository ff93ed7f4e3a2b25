import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lz4Arena } from './lz4-arena.ts'
import { lz4BlockBound, lz4DecodeBlock, lz4EncodeBlock } from './lz4-block.ts'

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

test('both decoders give back what was encoded', () => {
  const words = fc.array(
    fc.constantFrom('orders', 'aa', '{"id":', '0', 'customer-', 'x'.repeat(40)),
  )
  fc.assert(
    fc.property(words, (parts) => {
      const source = Buffer.from(parts.join('')).subarray(0, ROOM)
      const target = Buffer.alloc(lz4BlockBound(source.length) + 64)
      const end = lz4EncodeBlock(source, 0, source.length, target, 0)
      if (end < 0) return
      const [plain, arena] = decoded(target.subarray(0, end), ROOM)
      assert.deepEqual(plain, [source.length, source.toString('latin1')])
      assert.deepEqual(arena, plain)
    }),
    { numRuns: 300 },
  )
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
