import assert from 'node:assert/strict'
import test from 'node:test'
import { headerVersionsOf } from './served-versions.ts'

test('header versions of what is served, and of nothing else', () => {
  const headerVersionOf = headerVersionsOf([
    { key: 0, minVersion: 0, maxVersion: 11 },
    { key: 7, minVersion: 0, maxVersion: 3 },
    { key: 18, minVersion: 0, maxVersion: 4 },
  ])
  assert.deepEqual(
    [0, 8, 9, 11, 12, -1, 99].map((v) => headerVersionOf(0, v)),
    [1, 1, 2, 2, -1, -1, -1],
  )
  assert.deepEqual(
    [0, 1, 3].map((v) => headerVersionOf(7, v)),
    [0, 1, 2],
  )
  assert.deepEqual(
    [0, 2, 3, 4].map((v) => headerVersionOf(18, v)),
    [1, 1, 2, 2],
  )
  // A newer ApiVersions is answered all the same.
  assert.deepEqual(
    [5, 40].map((v) => headerVersionOf(18, v)),
    [2, 2],
  )
  assert.deepEqual(
    [1, 19, 1000, -1].map((key) => headerVersionOf(key, 0)),
    [-1, -1, -1, -1],
  )
})
