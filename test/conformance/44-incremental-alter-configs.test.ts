import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { DescribeConfigs } from '../../src/wire/messages/32-describe-configs.ts'
import { AlterConfigs } from '../../src/wire/messages/33-alter-configs.ts'
import { IncrementalAlterConfigs } from '../../src/wire/messages/44-incremental-alter-configs.ts'
import { until } from '../support/until.ts'
import { ask, assertHas, BROKER_ID, createTopic, versionsOf } from './targets.ts'

const TOPIC_TYPE = 2
const BROKER_TYPE = 4
const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3
const NAME = 'ac-topic'

before(() => createTopic(NAME))

type Change = readonly [name: string, operation: number, value: string | null]

function resource(resourceType: number, resourceName: string, changes: readonly Change[]) {
  const configs = changes.map(([name, configOperation, value]) => ({
    name,
    configOperation,
    value,
  }))
  return { resourceType, resourceName, configs }
}

async function alter(resources: ReturnType<typeof resource>[], version = 1, validateOnly = false) {
  return (await ask(IncrementalAlterConfigs, version, { resources, validateOnly })).responses
}

async function describe(type: number, name: string, keys: string[] | null, version = 4) {
  const { results } = await ask(DescribeConfigs, version, {
    resources: [{ resourceType: type, resourceName: name, configurationKeys: keys }],
    includeSynonyms: true,
    includeDocumentation: false,
  })
  const [result] = results
  assert(result !== undefined)
  return result
}

async function untilValue(key: string, value: string): Promise<void> {
  await until(async () => {
    const { configs } = await describe(TOPIC_TYPE, NAME, [key])
    return configs[0]?.value === value
  }, `${key} to be ${value}`)
}

test('set, append, subtract, delete; every version', async () => {
  for (const version of versionsOf(IncrementalAlterConfigs)) {
    const change = async (...changes: Change[]): Promise<void> => {
      const answers = await alter([resource(TOPIC_TYPE, NAME, changes)], version)
      assertHas(answers, [{ errorCode: 0, resourceType: TOPIC_TYPE, resourceName: NAME }])
    }
    await change(['retention.ms', SET, '1234'], ['cleanup.policy', SET, 'delete'])
    await untilValue('retention.ms', '1234')
    await change(['cleanup.policy', APPEND, 'compact'])
    await untilValue('cleanup.policy', 'delete,compact')
    await change(['cleanup.policy', SUBTRACT, 'delete'])
    await untilValue('cleanup.policy', 'compact')
    await change(['cleanup.policy', DELETE, null], ['retention.ms', DELETE, null])
    await untilValue('cleanup.policy', 'delete')
    await untilValue('retention.ms', '604800000')
    // What is not there may be taken away.
    await change(['cleanup.policy', SUBTRACT, 'compact'], ['retention.ms', DELETE, null])
  }
})

test('validateOnly changes nothing', async () => {
  const wanted = resource(TOPIC_TYPE, NAME, [['segment.ms', SET, '5000']])
  assertHas(await alter([wanted], 1, true), [{ errorCode: 0 }])
  const { configs } = await describe(TOPIC_TYPE, NAME, ['segment.ms'])
  assertHas(configs, [{ value: '604800000' }])
})

const topic = (...changes: Change[]) => resource(TOPIC_TYPE, NAME, changes)
const own = String(BROKER_ID)
const RESOURCE = `ConfigResource(type=TOPIC, name='${NAME}')`

const REFUSED: readonly (readonly [ReturnType<typeof resource>, number, string])[] = [
  [topic(['nope', SET, '1']), 40, 'Unknown topic config name: nope'],
  [
    topic(['retention.ms', SET, 'x']),
    40,
    `Invalid config value for resource ${RESOURCE}: Invalid value x for configuration retention.ms: Not a number of type LONG`,
  ],
  [topic(['retention.ms', SET, null]), 42, 'Null value not supported for : retention.ms'],
  [
    topic(['retention.ms', SET, '1'], ['retention.ms', SET, '2']),
    42,
    'Error due to duplicate config keys',
  ],
  [
    topic(['retention.ms', APPEND, '1']),
    40,
    'Config value append is not allowed for config key: retention.ms',
  ],
  [
    resource(BROKER_TYPE, own, [['broker.id', SET, '5']]),
    42,
    'Cannot update these configs dynamically: Set(broker.id)',
  ],
  [
    resource(BROKER_TYPE, '77', [['num.io.threads', SET, '9']]),
    42,
    `Unexpected broker id, expected ${own}, but received 77`,
  ],
  [
    resource(BROKER_TYPE, '', [['listeners', SET, 'PLAINTEXT://:1']]),
    42,
    'Cannot update these configs at default cluster level, broker id must be specified: Set(listeners)',
  ],
]

for (const [asked, errorCode, errorMessage] of REFUSED) {
  test(`refused: ${errorMessage}`, async () => {
    assertHas(await alter([asked]), [{ errorCode, errorMessage }])
  })
}

test('the same resource twice: an entry each', async () => {
  const twice = { errorCode: 42, errorMessage: 'Each resource must appear at most once.' }
  const one = topic(['retention.ms', SET, '1'])
  assertHas(await alter([one, one]), [twice, twice])
})

test('an unknown operation is an unknown error', async () => {
  assertHas(await alter([topic(['retention.ms', 9, '1'])]), [{ errorCode: -1, errorMessage: null }])
})

test('a topic that is not there', async () => {
  const [answer] = await alter([resource(TOPIC_TYPE, 'ac-nowhere', [['retention.ms', SET, '1']])])
  assertHas(answer, { errorCode: 3 })
})

test('AlterConfigs replaces everything, in every version', async () => {
  await createTopic('ac-old')
  for (const version of versionsOf(AlterConfigs)) {
    const value = String(7_000 + version)
    const { responses } = await ask(AlterConfigs, version, {
      resources: [
        {
          resourceType: TOPIC_TYPE,
          resourceName: 'ac-old',
          configs: [{ name: 'segment.ms', value }],
        },
      ],
      validateOnly: false,
    })
    assertHas(responses, [{ errorCode: 0, errorMessage: null }])
    await until(async () => {
      const { configs } = await describe(TOPIC_TYPE, 'ac-old', ['segment.ms'])
      return configs[0]?.value === value
    }, `segment.ms to be ${value}`)
  }
})

test('DescribeConfigs: every version, with where a value comes from', async () => {
  await createTopic('ac-described', { configs: { 'retention.ms': '99' } })
  for (const version of versionsOf(DescribeConfigs)) {
    const result = await describe(TOPIC_TYPE, 'ac-described', ['retention.ms', 'nope'], version)
    assertHas(result, {
      errorCode: 0,
      configs: [{ name: 'retention.ms', value: '99', readOnly: false }],
    })
    const [found] = result.configs
    if (version === 0) assertHas(found, { isDefault: false })
    if (version >= 1) {
      assertHas(found, {
        configSource: 1,
        synonyms: [{ name: 'retention.ms', value: '99', source: 1 }],
      })
    }
    if (version >= 3) assertHas(found, { configType: 5 })
  }
})

test('DescribeConfigs: an empty list of keys means all', async () => {
  const some = await describe(TOPIC_TYPE, NAME, [])
  const all = await describe(TOPIC_TYPE, NAME, null)
  assert(all.configs.length > 30)
  assert.deepEqual(
    some.configs.map(({ name }) => name).toSorted(),
    all.configs.map(({ name }) => name).toSorted(),
  )
})

test('DescribeConfigs of another broker, and of a topic that is not there', async () => {
  assertHas(await describe(BROKER_TYPE, '77', null), {
    errorCode: 42,
    errorMessage: `Unexpected broker id, expected ${own} or empty string, but received 77`,
    configs: [],
  })
  assertHas(await describe(TOPIC_TYPE, 'ac-nowhere', null), { errorCode: 3, configs: [] })
})
