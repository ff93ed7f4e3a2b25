import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateTopics } from '../../src/wire/messages/19-create-topics.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { ask, assertHas, BROKER_ID, createTopic, versionsOf } from './targets.ts'

interface Asked {
  readonly name: string
  readonly numPartitions?: number
  readonly replicationFactor?: number
  readonly assignments?: { readonly partitionIndex: number; readonly brokerIds: number[] }[]
  readonly configs?: { readonly name: string; readonly value: string | null }[]
}

interface Options {
  readonly version?: number
  readonly timeoutMs?: number
  readonly validateOnly?: boolean
}

async function create(asked: readonly Asked[], options: Options = {}) {
  const topics = asked.map((topic) => ({
    numPartitions: topic.assignments === undefined ? 1 : -1,
    replicationFactor: topic.assignments === undefined ? 1 : -1,
    assignments: [],
    configs: [],
    ...topic,
  }))
  const { version = 7, timeoutMs = 10_000, validateOnly = false } = options
  return (await ask(CreateTopics, version, { topics, timeoutMs, validateOnly })).topics
}

test('every version creates; from version 5 on the answer describes what came of it', async () => {
  for (const version of versionsOf(CreateTopics)) {
    const name = `ct-v${version}`
    const [topic] = await create([{ name, numPartitions: 3 }], { version })
    assertHas(topic, { name, errorCode: 0 })
    if (version >= 5) {
      assertHas(topic, { errorMessage: null, numPartitions: 3, replicationFactor: 1 })
      const config = topic?.configs?.find((one) => one.name === 'cleanup.policy')
      assertHas(config, { value: 'delete', readOnly: false, configSource: 5, isSensitive: false })
    }
    if (version >= 7) assert.notEqual(topic?.topicId, ZERO_UUID)
  }
})

test('-1 partitions and replicas: the defaults of the broker, from version 4 on', async () => {
  const asked = { name: 'ct-defaults', numPartitions: -1, replicationFactor: -1 }
  assertHas(await create([asked]), [{ errorCode: 0, numPartitions: 1, replicationFactor: 1 }])
})

test('validateOnly creates nothing', async () => {
  const asked = { name: 'ct-validated', configs: [{ name: 'retention.ms', value: '1000' }] }
  for (const _ of [1, 2]) {
    const [topic] = await create([asked], { validateOnly: true })
    assertHas(topic, { errorCode: 0, topicId: ZERO_UUID, numPartitions: 1, replicationFactor: 1 })
    const config = topic?.configs?.find((one) => one.name === 'retention.ms')
    assertHas(config, { value: '1000', configSource: 1 })
  }
})

const config = (name: string, value: string | null): Asked => ({
  name: 'ct-refused',
  configs: [{ name, value }],
})
const assigned = (...assignments: [number, number[]][]): Asked => ({
  name: 'ct-refused',
  assignments: assignments.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
})

const REFUSED: readonly (readonly [Asked, number, string])[] = [
  [
    { name: 'a b' },
    17,
    "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
  ],
  [{ name: '' }, 17, 'Topic name is invalid: the empty string is not allowed'],
  [{ name: 'ct-refused', numPartitions: 0 }, 37, 'Number of partitions must be larger than 0.'],
  [{ name: 'ct-refused', replicationFactor: 0 }, 38, 'Replication factor must be larger than 0.'],
  [
    { name: 'ct-refused', replicationFactor: 9 },
    38,
    'Replication factor: 9 larger than available brokers: 1.',
  ],
  [config('nope', '1'), 40, 'Unknown topic config name: nope'],
  [
    config('retention.ms', 'abc'),
    40,
    'Invalid value abc for configuration retention.ms: Not a number of type LONG',
  ],
  [
    config('segment.bytes', '3'),
    40,
    'Invalid value 3 for configuration segment.bytes: Value must be at least 14',
  ],
  [config('retention.ms', null), 40, 'Null value not supported for topic configs: retention.ms'],
  [
    config('cleanup.policy', 'foo'),
    40,
    'Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete',
  ],
  [
    { ...assigned([0, [BROKER_ID]]), numPartitions: 1 },
    42,
    'Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at the same time.',
  ],
  [
    assigned([0, [BROKER_ID]], [2, [BROKER_ID]]),
    39,
    'partitions should be a consecutive 0-based integer sequence',
  ],
  [
    assigned([0, [BROKER_ID, BROKER_ID]]),
    39,
    `Duplicate replica assignment found: HashMap(0 -> ArrayBuffer(${BROKER_ID}, ${BROKER_ID}))`,
  ],
]

for (const [asked, errorCode, errorMessage] of REFUSED) {
  test(`refused: ${errorMessage}`, async () => {
    const refused = {
      topicId: ZERO_UUID,
      errorCode,
      errorMessage,
      numPartitions: -1,
      replicationFactor: -1,
      configs: [],
    }
    assertHas(await create([asked]), [{ name: asked.name, ...refused }])
  })
}

test('a topic that exists', async () => {
  await createTopic('ct-there')
  const errorMessage = "Topic 'ct-there' already exists."
  assertHas(await create([{ name: 'ct-there' }]), [{ errorCode: 36, errorMessage }])
})

test('the same name twice in a request: neither is created', async () => {
  const topics = await create([{ name: 'ct-twice' }, { name: 'ct-twice' }, { name: 'ct-once' }])
  const twice = topics.filter(({ name }) => name === 'ct-twice')
  assert(twice.length > 0)
  for (const topic of twice) {
    assertHas(topic, { errorCode: 42, errorMessage: 'Found multiple entries for this topic.' })
  }
  assertHas(
    topics.find(({ name }) => name === 'ct-once'),
    { errorCode: 0 },
  )
})

test('a name that differs only in . and _ collides', async () => {
  await createTopic('ct.dot_1')
  const errorMessage = "Topic 'ct_dot.1' collides with existing topics: ct.dot_1"
  assertHas(await create([{ name: 'ct_dot.1' }]), [{ errorCode: 17, errorMessage }])
})

test('with a timeout of 0 the topic is created, but the answer is that time ran out', async () => {
  const [topic] = await create([{ name: 'ct-hurried' }], { timeoutMs: 0 })
  assertHas(topic, { errorCode: 7, errorMessage: null })
  assert.notEqual(topic?.topicId, ZERO_UUID)
  const errorMessage = "Topic 'ct-hurried' already exists."
  assertHas(await create([{ name: 'ct-hurried' }]), [{ errorCode: 36, errorMessage }])
})
