import { test } from 'node:test'
import { Metadata } from '../../src/wire/messages/03-metadata.ts'
import { CreatePartitions } from '../../src/wire/messages/37-create-partitions.ts'
import { until } from '../support/until.ts'
import { ask, assertHas, BROKER_ID, createTopic, versionsOf } from './targets.ts'

interface Asked {
  readonly name: string
  readonly count: number
  readonly assignments?: { readonly brokerIds: number[] }[]
}

async function grow(asked: readonly Asked[], version = 3, validateOnly = false) {
  const topics = asked.map((topic) => ({ assignments: null, ...topic }))
  const request = { topics, timeoutMs: 10_000, validateOnly }
  return (await ask(CreatePartitions, version, request)).results
}

async function untilPartitions(name: string, count: number): Promise<void> {
  await until(async () => {
    const { topics } = await ask(Metadata, 9, {
      topics: [{ name }],
      includeTopicAuthorizedOperations: false,
    })
    return topics[0]?.partitions.length === count
  }, `${count} partitions of ${name}`)
}

test('every version adds partitions', async () => {
  await createTopic('cp-all')
  let count = 1
  for (const version of versionsOf(CreatePartitions)) {
    const name = 'cp-all'
    assertHas(await grow([{ name, count: ++count }], version), [
      { name, errorCode: 0, errorMessage: null },
    ])
    await untilPartitions(name, count)
  }
  assertHas(await grow([{ name: 'cp-all', count: 9 }], 3, true), [{ errorCode: 0 }])
  await untilPartitions('cp-all', count)
})

const REFUSED: readonly (readonly [Asked, number, string])[] = [
  [{ name: 'cp-nowhere', count: 3 }, 3, "The topic 'cp-nowhere' does not exist."],
  [
    { name: 'cp-two', count: 1 },
    37,
    'Topic currently has 2 partitions, which is higher than the requested 1.',
  ],
  [{ name: 'cp-two', count: 2 }, 37, 'Topic already has 2 partitions.'],
  [
    { name: 'cp-two', count: 4, assignments: [{ brokerIds: [BROKER_ID] }] },
    39,
    'Increasing the number of partitions by 2 but 1 assignments provided.',
  ],
  [
    { name: 'cp-two', count: 3, assignments: [{ brokerIds: [9] }] },
    39,
    'Unknown broker(s) in replica assignment: 9.',
  ],
]

test('what cannot be done is refused, with the reason', async () => {
  await createTopic('cp-two', { partitions: 2 })
  for (const [asked, errorCode, errorMessage] of REFUSED) {
    assertHas(await grow([asked]), [{ name: asked.name, errorCode, errorMessage }])
  }
})

test('the same topic twice in a request', async () => {
  await createTopic('cp-twice')
  const asked = { name: 'cp-twice', count: 3 }
  assertHas(await grow([asked, asked]), [
    { errorCode: 42, errorMessage: 'Duplicate topic in request.' },
  ])
})
