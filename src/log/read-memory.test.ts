import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadMemory } from './read-memory.ts'

test('a buffer that was given back is used for the next read of its size', () => {
  const memory = new ReadMemory()
  const first = memory.take(1_000_000)
  assert.ok(first.length >= 1_000_000)
  assert.notEqual(memory.take(1_000_000), first)
  memory.giveBack(first)
  assert.equal(memory.take(990_000), first)
  assert.notEqual(memory.take(10), first)
})

test('only so much waits idle, and nothing large', () => {
  const memory = new ReadMemory()
  memory.giveBack(memory.take(50_000_000))
  assert.equal(memory.idleBytes, 0)
  const taken = Array.from({ length: 40 }, () => memory.take(1_000_000))
  for (const buffer of taken) memory.giveBack(buffer)
  assert.ok(memory.idleBytes > 8_000_000 && memory.idleBytes <= 16 * 1024 * 1024)
})
