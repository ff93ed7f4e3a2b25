import assert from 'node:assert/strict'
import { test } from 'node:test'
import { javaHash, partitionForId } from './java-hash.ts'

test('javaHash is Java’s String.hashCode', () => {
  assert.equal(javaHash(''), 0)
  assert.equal(javaHash('hello'), 99162322)
  assert.equal(javaHash('polygenelubricants'), -2147483648)
})

test('the id whose hash is the smallest number belongs to partition 0', () => {
  assert.equal(partitionForId('polygenelubricants', 50), 0)
  assert.equal(partitionForId('hello', 50), 22)
})
