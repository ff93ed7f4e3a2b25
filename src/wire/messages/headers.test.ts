import assert from 'node:assert/strict'
import { test } from 'node:test'

import { CodecError } from '../../codec/codec-error.ts'
import { Produce } from './00-produce.ts'
import { ControlledShutdown } from './07-controlled-shutdown.ts'
import { ApiVersions } from './18-api-versions.ts'
import {
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequest,
  encodeResponse,
} from './headers.ts'

const shutdown = { brokerId: 3 }

test('each header version comes back as it was written', () => {
  const cases = [
    { version: 0, clientId: null },
    { version: 1, clientId: 'büro' },
    { version: 1, clientId: null },
    { version: 3, clientId: 'x' },
    { version: 3, clientId: null },
  ]
  for (const { version, clientId } of cases) {
    const frame = Buffer.concat(encodeRequest(ControlledShutdown, version, 77, clientId, shutdown))
    const header = decodeRequestHeader(frame)
    assert.equal(header.apiKey, 7)
    assert.equal(header.apiVersion, version)
    assert.equal(header.correlationId, 77)
    assert.equal(header.clientId, clientId)
    const body = ControlledShutdown.request.decode(version, frame, header.bodyPosition)
    assert.equal(body.brokerId, 3)
  }
})

test('record batches of a request go by reference', () => {
  const records = Buffer.alloc(100, 1)
  const partitionData = [{ index: 0, records }]
  const topicData = [{ name: 't', partitionData }]
  const segments = encodeRequest(Produce, 9, 1, 'me', { acks: 1, timeoutMs: 5, topicData })
  assert.ok(segments.includes(records))
})

test('the answer to ApiVersions never has tagged fields in its header', () => {
  const answer = { errorCode: 0, apiKeys: [], throttleTimeMs: 0 }
  const frame = Buffer.concat(encodeResponse(ApiVersions, 3, 5, answer))
  assert.equal(frame.toString('hex'), '00000005' + '0000' + '01' + '00000000' + '00')
  assert.equal(decodeResponseHeader(ApiVersions, 3, frame).bodyPosition, 4)
})

test('tagged fields of a header are skipped', () => {
  const frame = Buffer.from('00000009' + '02' + '000141' + '0502ffff' + '1234', 'hex')
  assert.deepEqual(decodeResponseHeader(Produce, 9, frame), { correlationId: 9, bodyPosition: 12 })
})

test('a key that is not known leaves the body unfound', () => {
  const header = decodeRequestHeader(Buffer.from('7fff0000000000010001' + '41', 'hex'))
  assert.equal(header.api, undefined)
  assert.equal(header.clientId, 'A')
})

test('headers that end too soon are refused', () => {
  for (const hex of [
    '',
    '0012000300000001',
    '00120003000000010005' + '41',
    '00120003000000010000',
  ]) {
    assert.throws(() => decodeRequestHeader(Buffer.from(hex, 'hex')), CodecError, hex)
  }
  assert.throws(() => decodeResponseHeader(Produce, 9, Buffer.alloc(4)), CodecError)
})
