import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Seeded } from '../../testing/simulated/seeded.ts'
import type { CommittedOffset } from './group-events.ts'
import { OffsetStore } from './offset-store.ts'

test('the columns hold what a map of objects would', () => {
  const random = new Seeded(2)
  const store = new OffsetStore()
  const expected = new Map<string, { value: CommittedOffset; place: number }>()
  for (let step = 0; step < 20_000; step++) {
    const groupId = `g${random.between(0, 4)}`
    const topic = `t${random.between(0, 4)}`
    const partition = random.between(0, 40)
    const key = `${groupId} ${topic} ${partition}`
    if (random.chance(0.3)) {
      store.remove(groupId, topic, partition)
      expected.delete(key)
    } else {
      const value = {
        offset: random.uint32() * 4096,
        leaderEpoch: random.between(-1, 9),
        metadata: random.chance(0.2) ? `m${step}` : '',
        commitTimestampMs: 1_795_427_851_386 + step,
        expireTimestampMs: random.chance(0.2) ? 1_795_427_851_386 : -1,
      }
      store.set(groupId, topic, partition, value, step)
      expected.set(key, { value, place: step })
    }
    assert.equal(store.size, expected.size)
    const stored = expected.get(key)
    assert.deepEqual(store.get(groupId, topic, partition), stored?.value)
    assert.equal(store.recordOffset(groupId, topic, partition), stored?.place ?? -1)
  }
  const listed = [...store.groupIds()].flatMap((groupId) =>
    [...store.topics(groupId)].flatMap(([topic, partitions]) =>
      [...partitions].map((partition) => `${groupId} ${topic} ${partition}`),
    ),
  )
  assert.deepEqual(listed.toSorted(), [...expected.keys()].toSorted())
})
