import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyImage } from '../metadata/cluster-image.ts'
import type { ClusterImage } from '../metadata/cluster-image.ts'
import { TopicPurgatory } from './topic-purgatory.ts'

function imageOf(...names: string[]): ClusterImage {
  const topics = new Map(
    names.map((name) => [name, { name, id: undefined, partitions: new Map() }]),
  )
  return { ...emptyImage('c'), topics }
}

const isThere = (image: ClusterImage, topic: string): boolean => image.topics.has(topic)

function waitFor(purgatory: TopicPurgatory, names: string[], deadlineMs: number) {
  const outcome: { unfinished?: string[] } = {}
  void purgatory.wait(names, isThere, imageOf('old'), 0, deadlineMs).then((unfinished) => {
    outcome.unfinished = [...unfinished]
  })
  return outcome
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('a reply waits for all its topics', async () => {
  const purgatory = new TopicPurgatory()
  const outcome = waitFor(purgatory, ['a', 'b', 'old'], 100)
  purgatory.onChange(imageOf('a'), new Set(['a']))
  await settled()
  assert.equal(outcome.unfinished, undefined)
  purgatory.onChange(imageOf('a', 'b'), new Set(['b']))
  await settled()
  assert.deepEqual(outcome.unfinished, [])
  assert.equal(purgatory.size, 0)
})

test('when its time is up it names those that are missing', async () => {
  const purgatory = new TopicPurgatory()
  const outcome = waitFor(purgatory, ['a', 'b'], 100)
  waitFor(purgatory, ['c'], 300)
  purgatory.onChange(imageOf('a'), new Set(['a']))
  assert.equal(purgatory.nextDeadlineMs, 100)
  purgatory.expire(99)
  await settled()
  assert.equal(outcome.unfinished, undefined)
  purgatory.expire(100)
  await settled()
  assert.deepEqual(outcome.unfinished, ['b'])
  assert.equal(purgatory.nextDeadlineMs, 300)
})

test('without time to wait it answers at once', async () => {
  const purgatory = new TopicPurgatory()
  const late = waitFor(purgatory, ['a', 'old'], 0)
  const nothing = waitFor(purgatory, ['old'], 100)
  await settled()
  assert.deepEqual(late.unfinished, ['a'])
  assert.deepEqual(nothing.unfinished, [])
  assert.equal(purgatory.size, 0)
})

test('at the end nobody is left waiting', async () => {
  const purgatory = new TopicPurgatory()
  const outcome = waitFor(purgatory, ['a'], 100)
  purgatory.clear()
  await settled()
  assert.deepEqual(outcome.unfinished, ['a'])
})
