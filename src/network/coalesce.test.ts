import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { coalesce } from './coalesce.ts'

test('the same bytes, small neighbours together, large ones where they are', () => {
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.integer({ min: 2000, max: 5000 })))
  fc.assert(
    fc.property(sizes, (lengths) => {
      const segments = lengths.map((length, index) => Buffer.alloc(length, index))
      const result = coalesce(segments)
      assert.deepEqual(Buffer.concat(result), Buffer.concat(segments))
      for (const segment of segments)
        if (segment.length >= 2048) assert.ok(result.includes(segment))
      const small = result.map((part) => part.length < 2048)
      assert.ok(small.every((isSmall, index) => !isSmall || small[index + 1] !== true))
    }),
  )
})
