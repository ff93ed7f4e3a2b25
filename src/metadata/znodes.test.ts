import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  decodeBroker,
  decodeClusterId,
  decodeConfig,
  decodeConfigChange,
  decodeController,
  decodeControllerEpoch,
  decodeFeatures,
  decodeLogDirEvent,
  decodePartitionList,
  decodeProducerIdBlock,
  decodeReassignments,
  decodeState,
  decodeTopic,
  encodeBroker,
  encodeClusterId,
  encodeConfig,
  encodeConfigChange,
  encodeController,
  encodeFeatures,
  encodeLogDirEvent,
  encodePartitionList,
  encodeProducerIdBlock,
  encodeReassignments,
  encodeState,
  encodeTopic,
} from './znodes.ts'

interface Captured {
  readonly from: string
  readonly path: string
  readonly data: string
}

const FIXTURE = new URL('../../test/fixtures/znodes/captured.json', import.meta.url)
const captured = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Captured[]

function present<T>(value: T | undefined): T {
  assert(value !== undefined)
  return value
}

/** Reads a node and writes it again, by what its path says it is. */
function rewrite(path: string, data: Buffer): Buffer {
  if (path.startsWith('/brokers/ids/')) return encodeBroker(present(decodeBroker(data)))
  if (path.endsWith('/state')) return encodeState(present(decodeState(data)))
  if (path.startsWith('/brokers/topics/')) return encodeTopic(present(decodeTopic(data)))
  if (path.startsWith('/config/changes/')) {
    return encodeConfigChange(present(decodeConfigChange(data)))
  }
  if (path.startsWith('/config/')) return encodeConfig(decodeConfig(data))
  switch (path) {
    case '/cluster/id':
      return encodeClusterId(present(decodeClusterId(data)))
    case '/controller':
      return encodeController(decodeController(data), 1795426518880)
    case '/controller_epoch':
      return Buffer.from(String(decodeControllerEpoch(data)))
    case '/feature':
      assert.equal(decodeFeatures(data).size, 0)
      return encodeFeatures()
    case '/latest_producer_id_block':
      return encodeProducerIdBlock(present(decodeProducerIdBlock(data)))
    default:
      return encodeLogDirEvent(present(decodeLogDirEvent(data)))
  }
}

for (const { from, path, data } of captured) {
  if (from.startsWith('ibp26/')) continue
  test(`${path} of ${from} is written as Kafka wrote it`, () => {
    assert.equal(rewrite(path, Buffer.from(data)).toString(), data)
  })
}

test('nodes of older versions are read', () => {
  for (const { from, path, data } of captured) {
    if (!from.startsWith('ibp26/')) continue
    if (path.startsWith('/brokers/ids/')) {
      assert.ok(present(decodeBroker(Buffer.from(data))).endpoints.size > 0)
    } else {
      const topic = present(decodeTopic(Buffer.from(data)))
      assert.equal(topic.id, undefined)
      assert.ok(topic.partitions.size > 0)
    }
  }
  const first = '{"version":1,"host":"old","port":9092,"jmx_port":9999,"timestamp":"1"}'
  const endpoint = present(decodeBroker(Buffer.from(first))).endpoints.get('PLAINTEXT')
  assert.deepEqual(endpoint, { host: 'old', port: 9092, securityProtocol: 'PLAINTEXT' })
  const second = '{"version":3,"endpoints":["SSL://[::1]:9093"],"rack":"r","timestamp":"1"}'
  const broker = present(decodeBroker(Buffer.from(second)))
  assert.deepEqual(broker.endpoints.get('SSL'), {
    host: '::1',
    port: 9093,
    securityProtocol: 'SSL',
  })
  assert.equal(broker.rack, 'r')
  const change = '{"version":1,"entity_type":"topics","entity_name":"foo"}'
  assert.equal(decodeConfigChange(Buffer.from(change)), 'topics/foo')
})

test('a broker without a plaintext listener has no host and port of its own', () => {
  const endpoint = { host: '::1', port: 9093, securityProtocol: 'SSL' } as const
  const node = {
    endpoints: new Map([['SECURE', endpoint]]),
    rack: null,
    jmxPort: -1,
    timestampMs: 5,
    features: new Map(),
  }
  assert.equal(
    encodeBroker(node).toString(),
    '{"features":{},"listener_security_protocol_map":{"SECURE":"SSL"},' +
      '"endpoints":["SECURE://[::1]:9093"],"jmx_port":-1,"port":-1,"host":null,' +
      '"version":5,"timestamp":"5"}',
  )
  assert.deepEqual(decodeBroker(encodeBroker(node)), node)
})

test('lists of partitions keep what they name', () => {
  const moves = [{ topic: 't', partition: 1, replicas: [3, 2] }]
  assert.deepEqual(decodeReassignments(encodeReassignments(moves)), moves)
  const partitions = [{ topic: 't', partition: 0 }]
  assert.deepEqual(decodePartitionList(encodePartitionList(partitions)), partitions)
})

test('what is not of the form is refused, and never throws', () => {
  for (const text of ['', 'x', '[]', '{}', 'null', '{"version":"a"}', '{"partitions":[1]}']) {
    const data = Buffer.from(text)
    assert.equal(decodeBroker(data), undefined)
    assert.equal(decodeState(data), undefined)
    assert.equal(decodeTopic(data), undefined)
    assert.equal(decodeConfigChange(data), undefined)
    assert.equal(decodeProducerIdBlock(data), undefined)
    assert.equal(decodeClusterId(data), undefined)
    assert.deepEqual(decodePartitionList(data), [])
    assert.equal(decodeConfig(data).size, 0)
  }
  assert.equal(decodeController(null), -1)
  assert.equal(decodeControllerEpoch(null), 0)
})

test('settings named like parts of an object stay settings', () => {
  const settings = new Map([
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
  assert.deepEqual(decodeConfig(encodeConfig(settings)), settings)
})
