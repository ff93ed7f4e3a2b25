// docs/reference/ says what the source says.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { referencePages } from '../scripts/reference/pages.ts'

test('the reference is up to date', async () => {
  const stale: string[] = []
  for (const [name, text] of await referencePages()) {
    const path = new URL(`../docs/reference/${name}`, import.meta.url)
    if (readFileSync(path, 'utf8') !== text) stale.push(name)
  }
  assert.deepEqual(stale, [], 'run `npm run reference` and commit what it writes')
})
