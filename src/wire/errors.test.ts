import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Errors, KafkaError, errorByCode } from './errors.ts'

test('codes by name and descriptions by code', () => {
  assert.equal(Errors.NONE, 0)
  assert.equal(Errors.UNKNOWN_SERVER_ERROR, -1)
  assert.equal(Errors.NOT_LEADER_OR_FOLLOWER, 6)
  const { name, retriable } = errorByCode(6)
  assert.deepEqual({ name, retriable }, { name: 'NOT_LEADER_OR_FOLLOWER', retriable: true })
  assert.equal(errorByCode(9999).name, 'UNKNOWN_SERVER_ERROR')
})

test('codes run from -1 without a gap', () => {
  const codes = Object.values(Errors).sort((a, b) => a - b)
  assert.deepEqual(
    codes,
    codes.map((_, index) => index - 1),
  )
})

test('a KafkaError carries the message of its code unless told otherwise', () => {
  const plain = new KafkaError(Errors.NOT_CONTROLLER)
  assert.equal(plain.message, 'This is not the correct controller for this cluster.')
  assert.equal(plain.errorName, 'NOT_CONTROLLER')
  assert.equal(plain.retriable, true)
  const own = new KafkaError(Errors.INVALID_CONFIG, 'no such setting')
  assert.equal(own.message, 'no such setting')
  assert.equal(own.retriable, false)
})
