import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ScriptedBroker } from '../../test/scripted/scripted-broker.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { ApiVersions } from '../wire/messages/18-api-versions.ts'
import { Heartbeat } from '../wire/messages/12-heartbeat.ts'
import { ListGroups } from '../wire/messages/16-list-groups.ts'
import { BrokerLink } from './broker-link.ts'
import type { LinkOptions } from './broker-link.ts'

const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm' }

function world(options: Partial<LinkOptions> = {}) {
  const platform = simulatedPlatform({ seed: 1 })
  const broker = new ScriptedBroker()
  broker.answer(Heartbeat, () => ({ errorCode: 0 }))
  const where = { host: 'localhost', port: 9092, clientId: 'test', ...options }
  return { platform, broker, link: new BrokerLink(where, platform) }
}

function offer(broker: ScriptedBroker, apiKey: number, minVersion: number, maxVersion: number) {
  broker.answer(ApiVersions, () => ({
    errorCode: 0,
    apiKeys: [{ apiKey, minVersion, maxVersion }],
  }))
}

test('a call goes in the highest version that both sides speak', async () => {
  const { platform, broker, link } = world()
  await broker.listen(platform, 9092)
  offer(broker, Heartbeat.key, 0, 2)
  await platform.clock.resolve(link.call(Heartbeat, heartbeat))
  await platform.clock.resolve(link.call(Heartbeat, heartbeat, { max: 1 }))
  await platform.clock.resolve(link.request(Heartbeat, 3, heartbeat))
  const versions = broker.received.filter(({ name }) => name === 'Heartbeat')
  assert.deepEqual(
    versions.map(({ version }) => version),
    [2, 1, 3],
  )
  assert.equal(broker.count('ApiVersions'), 1)
})

test('what the broker does not offer is refused here', async () => {
  const { platform, broker, link } = world()
  await broker.listen(platform, 9092)
  offer(broker, Heartbeat.key, 5, 6)
  const isRefused = (error: unknown) =>
    error instanceof KafkaError && error.code === Errors.UNSUPPORTED_VERSION
  await assert.rejects(platform.clock.resolve(link.call(Heartbeat, heartbeat)), isRefused)
  await assert.rejects(platform.clock.resolve(link.call(ListGroups, {})), isRefused)
})

test('a broker that does not know the version of the question is asked in version 0', async () => {
  const { platform, broker, link } = world()
  await broker.listen(platform, 9092)
  broker.maxApiVersions = 0
  offer(broker, Heartbeat.key, 0, 1)
  await platform.clock.resolve(link.call(Heartbeat, heartbeat))
  assert.equal(broker.received.at(-1)?.version, 1)
})

test('a broken connection is made again, once for all who ask', async () => {
  const { platform, broker, link } = world()
  await broker.listen(platform, 9092)
  await platform.clock.resolve(link.call(Heartbeat, heartbeat))
  broker.drop()
  await platform.clock.advance(10)
  assert.equal(link.isConnected, false)
  const calls = [1, 2, 3].map(() => link.call(Heartbeat, heartbeat))
  await platform.clock.resolve(Promise.all(calls))
  assert.equal(broker.sockets.length, 1)
  assert.equal(broker.count('ApiVersions'), 2)
})

test('after failed attempts the next ones wait longer', async () => {
  const { platform, link } = world({ reconnectBackoffMs: 100, maxReconnectBackoffMs: 400 })
  const { clock } = platform
  const waits: number[] = []
  for (let attempt = 0; attempt < 5; attempt++) {
    const beginMs = clock.monotonicMs()
    await assert.rejects(clock.resolve(link.request(Heartbeat, 4, heartbeat)))
    waits.push(clock.monotonicMs() - beginMs)
  }
  const expected = [0, 100, 200, 400, 400]
  for (const [index, wait] of waits.entries()) {
    const about = expected[index] ?? 0
    assert.ok(wait >= about * 0.8 && wait <= about * 1.2 + 1, `attempt ${index}: ${wait} ms`)
  }
})

test('nothing is sent before the connection is prepared', async () => {
  let isPrepared = false
  const { platform, broker, link } = world({
    prepare: async (connection) => {
      await connection.request(ListGroups, 0, {})
      isPrepared = true
    },
  })
  broker.answer(ListGroups, () => ({ errorCode: 0, groups: [] }))
  broker.answer(Heartbeat, () => ({ errorCode: isPrepared ? 0 : 1 }))
  await broker.listen(platform, 9092)
  const calls = [link.request(Heartbeat, 4, heartbeat), link.request(Heartbeat, 4, heartbeat)]
  const answers = await platform.clock.resolve(Promise.all(calls))
  assert.deepEqual(
    answers.map(({ errorCode }) => errorCode),
    [0, 0],
  )
  assert.equal(broker.count('ListGroups'), 1)
})

test('a closed link connects no more', async () => {
  const { platform, broker, link } = world()
  await broker.listen(platform, 9092)
  link.close()
  await assert.rejects(platform.clock.resolve(link.request(Heartbeat, 4, heartbeat)), /closed/)
})
