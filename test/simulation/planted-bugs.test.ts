// With a bug planted, its incident must end badly: else the checks could not fail.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { find } from './find-planted.ts'
import { INCIDENTS } from './incidents.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'

test('every incident has its bug', () => {
  assert.deepEqual(Object.keys(PLANTED_BUGS).toSorted(), Object.keys(INCIDENTS).toSorted())
})

describe('found with the bug planted', { concurrency: 2 }, () => {
  for (const [name, { what }] of Object.entries(PLANTED_BUGS)) {
    test(`${name}: ${what}`, async () => {
      assert.notEqual(await find(name), undefined)
    })
  }
})
