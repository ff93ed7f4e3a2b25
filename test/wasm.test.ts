import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assembled, WASM_MODULES } from '../scripts/wasm.ts'

for (const module of WASM_MODULES) {
  test(`${module.target} is made from ${module.source}`, async () => {
    const path = join(import.meta.dirname, '..', 'src', 'wire', 'records', module.target)
    assert.equal(readFileSync(path, 'utf8'), await assembled(module), 'run `npm run wasm`')
  })
}
