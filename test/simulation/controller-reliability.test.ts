// Failures that happened to others (the numbers are Kafka's issues), each with our controller.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registerBroker, RegistrationRefused } from '../../src/controller/broker-registration.ts'
import { decodeBroker, decodeState, encodeState } from '../../src/metadata/znodes.ts'
import { Errors } from '../../src/wire/errors.ts'
import { ControllerWorld, SESSION_TIMEOUT_MS } from './controller-world.ts'

async function worldOf(count: number): Promise<ControllerWorld> {
  const world = await ControllerWorld.create()
  for (let id = 1; id <= count; id += 1) await world.start(id)
  return world
}

async function create(world: ControllerWorld, name: string, ...replicas: number[][]) {
  const assignments = replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }))
  const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs: [] }
  const request = { topics: [topic], timeoutMs: 0, validateOnly: false }
  await world.controller.createTopics(request)
  await world.settle()
}

async function stateOf(world: ControllerWorld, topic: string) {
  const { data, stat } = await world.zookeeper.get(`/brokers/topics/${topic}/partitions/0/state`)
  const state = decodeState(data)
  assert(state !== undefined)
  return { ...state, version: stat.version }
}

function shrink(world: ControllerWorld, topic: string, isr: number[], partitionEpoch: number) {
  const image = world.broker(2).metadata.image.topics.get(topic)
  return {
    brokerId: 2,
    brokerEpoch: world.broker(2).epoch,
    topics: [
      {
        topicName: topic,
        topicId: image?.id ?? '',
        partitions: [
          {
            partitionIndex: 0,
            leaderEpoch: 0,
            newIsr: [],
            newIsrWithEpochs: isr.map((brokerId) => {
              return { brokerId, brokerEpoch: world.broker(brokerId).epoch }
            }),
            leaderRecoveryState: 0,
            partitionEpoch,
          },
        ],
      },
    ],
  }
}

test('KAFKA-6082: a controller that was replaced without noticing changes nothing', async () => {
  const world = await worldOf(3)
  await create(world, 'orders', [2, 1, 3])
  const old = world.broker(1).controller
  // The old one neither hears of its loss nor notices by itself: the epoch moves on behind it.
  await world.zookeeper.set('/controller_epoch', Buffer.from('2'))
  const before = await stateOf(world, 'orders')
  const response = await old.alterPartition(shrink(world, 'orders', [2, 1], 0), 3)
  assert.equal(response.errorCode, Errors.NOT_CONTROLLER)
  assert.deepEqual(await stateOf(world, 'orders'), before)
  assert.equal(old.isActive, false)
  const topic = {
    name: 'late',
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }
  const [refused] = await old.createTopics({ topics: [topic], timeoutMs: 0, validateOnly: false })
  assert.equal(refused?.errorCode, Errors.NOT_CONTROLLER)
  await world.close()
})

test('KAFKA-7235: the controller refuses requests of a broker with the epoch of its earlier life', async () => {
  const world = await worldOf(3)
  await create(world, 'orders', [2, 1, 3])
  const old = world.broker(2)
  const oldRequest = shrink(world, 'orders', [2, 1], 0)
  await old.end()
  const fresh = await world.start(2)
  assert.ok(fresh.epoch > old.epoch)
  const response = await world.controller.alterPartition(oldRequest, 3)
  assert.equal(response.errorCode, Errors.STALE_BROKER_EPOCH)
  await world.close()
})

test('KAFKA-15221: a follower restarted since the leader saw it is not put back in sync', async () => {
  const world = await worldOf(3)
  await create(world, 'orders', [2, 1, 3])
  const away = await world.controller.alterPartition(shrink(world, 'orders', [2, 1], 0), 3)
  assert.equal(away.topics[0]?.partitions[0]?.errorCode, Errors.NONE)
  const back = shrink(world, 'orders', [2, 1, 3], 1)
  await world.broker(3).end()
  await world.start(3)
  const response = await world.controller.alterPartition(back, 3)
  assert.equal(response.topics[0]?.partitions[0]?.errorCode, Errors.INELIGIBLE_REPLICA)
  assert.deepEqual((await stateOf(world, 'orders')).isr, [2, 1])
  await world.close()
})

test('KAFKA-7165: registering again tolerates what a lost answer had made', async () => {
  const world = await worldOf(1)
  const broker = world.broker(1)
  const { epoch } = broker
  await broker.register()
  assert.equal(broker.epoch, epoch)
  await world.close()
})

test('KAFKA-7165: the node of its old session keeps a broker out until that session is gone', async () => {
  const world = await worldOf(1)
  const broker = world.broker(1)
  const { epoch } = broker
  const node = decodeBroker((await world.zookeeper.get('/brokers/ids/1')).data)
  assert(node !== undefined)
  const renewed = await world.connect()
  await assert.rejects(registerBroker(renewed, 1, node), RegistrationRefused)
  await world.expire(broker)
  assert.ok((await registerBroker(renewed, 1, node)) > epoch)
  await renewed.close()
  await world.close()
})

test('a second broker with the same id is refused, and changes nothing', async () => {
  const world = await worldOf(1)
  const other = await world.connect()
  const { data } = await world.zookeeper.get('/brokers/ids/1')
  const node = {
    endpoints: new Map(),
    rack: null,
    jmxPort: -1,
    timestampMs: 1,
    features: new Map(),
  }
  await assert.rejects(registerBroker(other, 1, node), RegistrationRefused)
  await assert.rejects(registerBroker(other, 1, node, true), RegistrationRefused)
  assert.deepEqual((await world.zookeeper.get('/brokers/ids/1')).data, data)
  await other.close()
  await world.close()
})

test('KAFKA-2729: after a lost session the broker registers, elects, and in-sync sets grow back', async () => {
  const world = await worldOf(2)
  await create(world, 'orders', [2, 1])
  const broker = world.broker(1)
  const { epoch } = broker
  // The session is ended by another connection, as an expiry would.
  let isExpired = false
  broker.client.onState((state) => {
    isExpired ||= state === 'expired'
  })
  await world.expire(broker)
  await world.platform.clock.advanceUntil(() => isExpired)
  await broker.controller.onSessionExpired()
  assert.equal(broker.controller.isActive, false)
  await broker.client.renew()
  await broker.register()
  await broker.controller.onSessionRenewed()
  await world.settle()
  assert.ok(broker.epoch > epoch)
  assert.equal(world.broker(2).controller.isActive, true)
  assert.equal(broker.controller.controllerId, 2)
  const state = await stateOf(world, 'orders')
  assert.deepEqual(state.isr, [2])
  const request = shrink(world, 'orders', [2, 1], state.version)
  const [partition] = request.topics[0]?.partitions ?? []
  assert(partition !== undefined)
  partition.leaderEpoch = state.leaderEpoch
  const response = await world.controller.alterPartition(request, 3)
  assert.equal(response.topics[0]?.partitions[0]?.errorCode, Errors.NONE)
  assert.deepEqual((await stateOf(world, 'orders')).isr, [2, 1])
  await world.close()
})

test('a state that somebody else wrote is read again, and the election goes on from it', async () => {
  const world = await worldOf(3)
  await create(world, 'orders', [2, 1, 3])
  const state = await stateOf(world, 'orders')
  const path = '/brokers/topics/orders/partitions/0/state'
  await world.zookeeper.set(path, encodeState({ ...state, isr: [2, 3] }))
  world.broker(2).crash()
  await world.advance(SESSION_TIMEOUT_MS * 2)
  const after = await stateOf(world, 'orders')
  assert.equal(after.leader, 3)
  assert.deepEqual(after.isr, [3])
  await world.close()
})

test('a state of a later controller is left alone', async () => {
  const world = await worldOf(3)
  await create(world, 'orders', [2, 1, 3])
  const state = await stateOf(world, 'orders')
  const path = '/brokers/topics/orders/partitions/0/state'
  await world.zookeeper.set(path, encodeState({ ...state, controllerEpoch: 9 }))
  world.broker(2).crash()
  await world.advance(SESSION_TIMEOUT_MS * 2)
  assert.equal((await stateOf(world, 'orders')).leader, 2)
  await world.close()
})

test('KAFKA-12686: the same change asked twice is no conflict', async () => {
  const world = await worldOf(3)
  await create(world, 'orders', [2, 1, 3])
  const request = shrink(world, 'orders', [2, 1], 0)
  const both = await Promise.all([
    world.controller.alterPartition(request, 3),
    world.controller.alterPartition(request, 3),
  ])
  for (const response of both) {
    const partition = response.topics[0]?.partitions[0]
    assert.equal(partition?.errorCode, Errors.NONE)
    assert.equal(partition?.partitionEpoch, 1)
  }
  await world.close()
})

test('KAFKA-12686: a change whose confirmation was lost is confirmed, and told to all', async () => {
  const world = await worldOf(3)
  await create(world, 'orders', [2, 1, 3])
  const { connection } = world.broker(1)
  connection.deafenAfter(0)
  const pending = world.controller.alterPartition(shrink(world, 'orders', [2, 1], 0), 3)
  await world.settle()
  assert.deepEqual((await stateOf(world, 'orders')).isr, [2, 1])
  connection.lose()
  await world.advance(3000)
  const partition = (await pending).topics[0]?.partitions[0]
  assert.equal(partition?.errorCode, Errors.NONE)
  assert.equal(partition.partitionEpoch, 1)
  const image = world.broker(3).metadata.image.topics.get('orders')?.partitions.get(0)
  assert.deepEqual(image?.isr, [2, 1])
  await world.close()
})

test('a removal from in-sync sets whose confirmation was lost is told to the leader', async () => {
  const world = await worldOf(3)
  await create(world, 'orders', [2, 1, 3])
  const { connection } = world.broker(1)
  connection.deafenAfter(6)
  await world.broker(3).end()
  await world.settle()
  connection.lose()
  await world.advance(3000)
  const after = await stateOf(world, 'orders')
  assert.deepEqual(after.isr, [2, 1])
  const told = world.received.filter(
    ({ brokerId, text }) => brokerId === 2 && text.startsWith('Leader'),
  )
  assert.equal(told.at(-1)?.text, `LeaderAndIsr orders-0 leader 2 epoch ${after.leaderEpoch}`)
  await world.close()
})

test('an election whose confirmation was lost makes no second leader in its epoch', async () => {
  const world = await worldOf(3)
  await create(world, 'orders', [2, 1, 3])
  const { connection } = world.broker(1)
  await world.broker(2).end()
  const before = await stateOf(world, 'orders')
  assert.equal(before.leader, 1)
  await world.start(2)
  const grown = shrink(world, 'orders', [1, 3, 2], before.version)
  const [asked] = grown.topics[0]?.partitions ?? []
  assert(asked !== undefined)
  asked.leaderEpoch = before.leaderEpoch
  const leader = { ...grown, brokerId: 1, brokerEpoch: world.broker(1).epoch }
  await world.controller.alterPartition(leader, 3)
  connection.deafenAfter(0)
  const request = { electionType: 0, topicPartitions: null, timeoutMs: 5000 }
  const pending = world.controller.electLeaders(request)
  await world.settle()
  connection.lose()
  await world.advance(3000)
  const [result] = (await pending).replicaElectionResults
  assert.equal(result?.partitionResult[0]?.errorCode, Errors.NONE)
  const after = await stateOf(world, 'orders')
  assert.equal(after.leader, 2)
  assert.ok(after.leaderEpoch > before.leaderEpoch)
  const shown = world.broker(3).metadata.image.topics.get('orders')?.partitions.get(0)
  assert.equal(shown?.leaderEpoch, after.leaderEpoch)
  assert.equal(shown.partitionEpoch, after.version)
  await world.close()
})

test('a controller that cannot reach ZooKeeper stops all the same', async () => {
  const world = await worldOf(2)
  const { connection, controller } = world.broker(1)
  connection.deafenAfter(0)
  let isStopped = false
  void controller.stop().then(() => {
    isStopped = true
  })
  await world.advance(1000)
  assert.ok(isStopped)
  assert.equal(controller.isActive, false)
  await world.close()
})

test('a topic name against the convention is refused with the template and the field', async () => {
  const world = await worldOf(1)
  const fields = new Map([['env', ['dev', 'live']]])
  world.settings = { ...world.settings, topicNaming: { templates: ['<env>.<team>'], fields } }
  const topic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  const topics = ['prod.travel', 'dev.travel'].map((name) => ({ ...topic, name }))
  const request = { topics, timeoutMs: 1000, validateOnly: false }
  const [refused, created] = await world.controller.createTopics(request)
  assert.equal(refused?.errorCode, Errors.POLICY_VIOLATION)
  assert.equal(
    refused.errorMessage,
    "Topic name 'prod.travel' does not follow the template <env>.<team>: " +
      "field <env> is 'prod', allowed are dev, live",
  )
  assert.equal(created?.errorCode, Errors.NONE)
  await world.close()
})

test('requests to a broker that does not answer wait, and go out in order when it does', async () => {
  const world = await worldOf(2)
  world.broker(2).isCutOff = true
  await create(world, 'one', [1, 2])
  await create(world, 'two', [1, 2])
  await world.advance(1000)
  assert.ok(!world.received.some((it) => it.brokerId === 2 && it.text.includes('one-0')))
  world.broker(2).isCutOff = false
  await world.advance(200)
  const texts = world.received.filter(({ brokerId }) => brokerId === 2).map(({ text }) => text)
  const leaderships = texts.filter((text) => text.startsWith('LeaderAndIsr'))
  assert.deepEqual(leaderships, [
    'LeaderAndIsr one-0 leader 1 epoch 0 new',
    'LeaderAndIsr two-0 leader 1 epoch 0 new',
  ])
  await world.close()
})

test('one thousand topics in requests of fifty need few requests to brokers', async () => {
  const world = await worldOf(1)
  const topicsFrom = (first: number) =>
    Array.from({ length: 50 }, (_, index) => ({
      name: `topic-${first + index}`,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }))
  for (let first = 0; first < 1000; first += 50) {
    const request = { topics: topicsFrom(first), timeoutMs: 10_000, validateOnly: false }
    const results = await world.controller.createTopics(request)
    assert.ok(results.every(({ errorCode }) => errorCode === Errors.NONE))
  }
  // Two at the start; LeaderAndIsr and UpdateMetadata for each request, with nothing of the topics
  // before.
  assert.ok(world.received.length <= 2 * 20 + 2)
  const longest = Math.max(...world.received.map(({ text }) => text.length))
  assert.ok(longest < 60 * 50)
  await world.close()
})

test('settings reach every broker, and only the entity that changed is read', async () => {
  const world = await worldOf(2)
  await world.broker(1).configStore.write('topics/orders', new Map([['retention.ms', '5']]))
  await world.settle()
  for (const { configs } of world.brokers.values()) {
    assert.equal(configs.topic('orders').get('retention.ms'), '5')
  }
  const heard: string[] = []
  world.broker(2).configs.onChange(({ path }) => heard.push(path))
  await world.broker(1).configStore.write('brokers/<default>', new Map([['a', '1']]))
  await world.broker(1).configStore.write('users/alice/clients/app', new Map([['b', '2']]))
  await world.settle()
  assert.deepEqual(heard, ['brokers/<default>', 'users/alice/clients/app'])
  await world.broker(1).configStore.remove('users/alice/clients/app')
  await world.settle()
  assert.equal(world.broker(2).configs.at('users/alice/clients/app').size, 0)
  const late = await world.start(3)
  assert.equal(late.configs.brokerDefault.get('a'), '1')
  await world.close()
})
