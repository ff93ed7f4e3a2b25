import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  allowEverything,
  authorizedOperations,
  Operation,
  ResourceType,
  type Authorizer,
} from './authorizer.ts'

const requester = { principal: 'User:ANONYMOUS', clientAddress: '127.0.0.1' }

test('authorized operations have the bits that Kafka 3.9 answers without an authorizer', () => {
  const bits = (type: ResourceType) => authorizedOperations(allowEverything, requester, type, 'x')
  assert.equal(bits(ResourceType.TOPIC), 3576)
  assert.equal(bits(ResourceType.CLUSTER), 8096)
  assert.equal(bits(ResourceType.GROUP), 328)
})

test('a denied operation has no bit', () => {
  const readOnly: Authorizer = { allows: (_who, operation) => operation === Operation.READ }
  assert.equal(authorizedOperations(readOnly, requester, ResourceType.TOPIC, 'x'), 1 << 3)
})
