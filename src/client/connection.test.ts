import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ScriptedBroker } from '../../test/scripted/scripted-broker.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { ApiVersions } from '../wire/messages/18-api-versions.ts'
import { Heartbeat } from '../wire/messages/12-heartbeat.ts'
import { Connection } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'

const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm' }

async function world(options: Partial<ConnectionOptions> = {}) {
  const platform = simulatedPlatform({ seed: 1 })
  const broker = new ScriptedBroker()
  broker.answer(Heartbeat, ({ generationId }) => ({ errorCode: generationId }))
  await broker.listen(platform, 9092)
  const where = { host: 'localhost', port: 9092, clientId: 'test', ...options }
  const connection = await platform.clock.resolve(Connection.open(where, platform))
  return { platform, broker, connection }
}

function hasCode(code: number) {
  return (error: unknown): boolean => error instanceof KafkaError && error.code === code
}

test('answers come back to those who asked', async () => {
  const { platform, broker, connection } = await world()
  const asked = [1, 2, 3, 4, 5, 6, 7].map((generationId) =>
    connection.request(Heartbeat, 4, { ...heartbeat, generationId }),
  )
  const answers = await platform.clock.resolve(Promise.all(asked))
  assert.deepEqual(
    answers.map(({ errorCode }) => errorCode),
    [1, 2, 3, 4, 5, 6, 7],
  )
  assert.equal(broker.received[0]?.clientId, 'test')
  assert.equal(connection.pendingRequests, 0)
})

test('no more requests are under way than allowed', async () => {
  const { platform, broker, connection } = await world({ maxInFlight: 2, maxQueued: 3 })
  let isBlocked = true
  broker.answer(Heartbeat, () => (isBlocked ? undefined : { errorCode: 0 }))
  const outcomes = [1, 2, 3, 4, 5].map(() =>
    connection.request(Heartbeat, 4, heartbeat).catch((error: unknown) => error),
  )
  const oneTooMany = connection.request(Heartbeat, 4, heartbeat)
  await assert.rejects(oneTooMany, hasCode(Errors.NETWORK_EXCEPTION))
  await platform.clock.advance(100)
  assert.equal(broker.count('Heartbeat'), 2)
  assert.equal(connection.pendingRequests, 5)
  isBlocked = false
  connection.close()
  for (const outcome of await Promise.all(outcomes)) {
    assert.ok(hasCode(Errors.NETWORK_EXCEPTION)(outcome))
  }
})

test('a request without an answer ends at its deadline, and the connection with it', async () => {
  const { platform, broker, connection } = await world({ requestTimeoutMs: 1000 })
  broker.answer(Heartbeat, () => undefined)
  const asked = connection.request(Heartbeat, 4, heartbeat)
  const failed = assert.rejects(asked, hasCode(Errors.REQUEST_TIMED_OUT))
  await platform.clock.advance(999)
  assert.equal(connection.isOpen, true)
  await platform.clock.advance(2)
  await failed
  assert.equal(connection.isOpen, false)
  await assert.rejects(connection.request(Heartbeat, 4, heartbeat))
})

test('what is unanswered fails when the broker hangs up', async () => {
  const { platform, broker, connection } = await world()
  broker.answer(Heartbeat, (_request, _version, close) => {
    close()
    return undefined
  })
  const asked = connection.request(Heartbeat, 4, heartbeat)
  const failed = assert.rejects(asked, hasCode(Errors.NETWORK_EXCEPTION))
  await platform.clock.advance(10)
  await failed
})

test('a response that is larger than allowed ends the connection', async () => {
  const { platform, broker, connection } = await world({ maxResponseBytes: 100 })
  const supportedFeatures = [{ name: 'x'.repeat(200), minVersion: 0, maxVersion: 1 }]
  broker.answer(ApiVersions, () => ({ errorCode: 0, apiKeys: [], supportedFeatures }))
  const question = { clientSoftwareName: 'x', clientSoftwareVersion: '1' }
  const failed = assert.rejects(connection.request(ApiVersions, 3, question), /refused: oversized/)
  await platform.clock.advance(10)
  await failed
})

test('a response that cannot be read fails its request', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  await platform.network.listen({ port: 9092 }, (socket) => {
    socket.listen({
      onData: () => socket.write([Buffer.from('00000006' + '00000000' + '00ff', 'hex')]),
      onDrain: () => {},
      onClose: () => {},
    })
  })
  const where = { host: 'localhost', port: 9092, clientId: null }
  const connection = await platform.clock.resolve(Connection.open(where, platform))
  const failed = assert.rejects(connection.request(Heartbeat, 4, heartbeat), /cannot be read/)
  await platform.clock.advance(10)
  await failed
})

test('nobody listens', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const where = { host: 'localhost', port: 9, clientId: null }
  const opened = platform.clock.resolve(Connection.open(where, platform))
  await assert.rejects(opened, hasCode(Errors.NETWORK_EXCEPTION))
})
