import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lz4Module } from '../scripts/wasm.ts'

test('the assembled lz4 decoder is made from its source', async () => {
  const path = join(import.meta.dirname, '..', 'src', 'wire', 'records', 'lz4-wasm.ts')
  assert.equal(readFileSync(path, 'utf8'), await lz4Module(), 'run `npm run wasm`')
})
