import { test } from 'node:test'
import { Metadata } from '../../src/wire/messages/03-metadata.ts'
import { DeleteTopics } from '../../src/wire/messages/20-delete-topics.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { until } from '../support/until.ts'
import { ask, assertHas, createTopic, versionsOf } from './targets.ts'

async function untilGone(name: string): Promise<void> {
  await until(async () => {
    const { topics } = await ask(Metadata, 9, {
      topics: [{ name }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    })
    return topics[0]?.errorCode === 3
  }, `${name} to be gone`)
}

async function remove(
  topics: readonly { name: string | null; topicId?: string }[],
  timeoutMs = 10_000,
) {
  const asked = topics.map(({ name, topicId = ZERO_UUID }) => ({ name, topicId }))
  return (await ask(DeleteTopics, 6, { topics: asked, timeoutMs })).responses
}

test('every version deletes, and the name is free again', async () => {
  for (const version of versionsOf(DeleteTopics)) {
    const name = `dt-v${version}`
    await createTopic(name)
    const topics =
      version >= 6 ? { topics: [{ name, topicId: ZERO_UUID }] } : { topicNames: [name] }
    const { responses } = await ask(DeleteTopics, version, { ...topics, timeoutMs: 10_000 })
    assertHas(responses, [{ name, errorCode: 0 }])
    await untilGone(name)
  }
  await createTopic('dt-v0')
})

test('by id: the name is told; an unknown id is unknown', async () => {
  const topicId = await createTopic('dt-id')
  assertHas(await remove([{ name: null, topicId }]), [{ name: 'dt-id', topicId, errorCode: 0 }])
  const unknown = 'i-nqVBJ6RWCd83F47v-GaQ'
  assertHas(await remove([{ name: null, topicId: unknown }]), [
    { name: null, topicId: unknown, errorCode: 100, errorMessage: null },
  ])
})

test('by name and id at once is invalid; an unknown name is unknown', async () => {
  const topicId = await createTopic('dt-both')
  assertHas(await remove([{ name: 'dt-both', topicId }]), [{ errorCode: 42 }])
  assertHas(await remove([{ name: 'dt-nowhere' }]), [{ name: 'dt-nowhere', errorCode: 3 }])
})

test('the same name twice: an entry each', async () => {
  await createTopic('dt-twice')
  const gone = { name: 'dt-twice', errorCode: 0 }
  assertHas(await remove([{ name: 'dt-twice' }, { name: 'dt-twice' }]), [gone, gone])
})

test('with a timeout of 0 it is deleted, but the answer is that time ran out', async () => {
  await createTopic('dt-hurried')
  assertHas(await remove([{ name: 'dt-hurried' }], 0), [{ errorCode: 7 }])
  await untilGone('dt-hurried')
})
