// What is left after a short write, for every possible length of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remainingBuffers, totalBytes } from './remaining-buffers.ts'

test('every short write leaves exactly the bytes after it', () => {
  const buffers = [Buffer.from('abc'), Buffer.alloc(0), Buffer.from('d'), Buffer.from('efgh')]
  for (let written = 0; written <= totalBytes(buffers); written++) {
    const rest = Buffer.concat(remainingBuffers(buffers, written)).toString()
    assert.equal(rest, 'abcdefgh'.slice(written))
  }
  assert.equal(remainingBuffers(buffers, 8).length, 0)
})

test('what is left is a view, not a copy', () => {
  const buffer = Buffer.from('abcd')
  const [rest] = remainingBuffers([buffer], 1)
  buffer[1] = 'X'.charCodeAt(0)
  assert.equal(Buffer.from(rest ?? []).toString(), 'Xcd')
})
