import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseLeader } from './leader-choice.ts'
import type { Candidates, ElectionStrategy } from './leader-choice.ts'

function given(changes: Partial<Candidates>): Candidates {
  const replicas = [1, 2, 3]
  return {
    replicas,
    targetReplicas: replicas,
    isr: replicas,
    online: replicas,
    shuttingDown: new Set(),
    ...changes,
  }
}

const afterLoss: ElectionStrategy = { kind: 'offline', allowUnclean: false }
const unclean: ElectionStrategy = { kind: 'offline', allowUnclean: true }

test('after a loss: the first that is assigned, alive and in sync', () => {
  const choice = chooseLeader(afterLoss, given({ isr: [3, 1, 2], online: [2, 3] }))
  assert.deepEqual(choice, { leader: 2, isr: [3, 2], unclean: false })
})

test('after a loss: nobody outside the in-sync set, unless the topic allows it', () => {
  const lost = given({ isr: [1], online: [2, 3] })
  assert.equal(chooseLeader(afterLoss, lost), undefined)
  assert.deepEqual(chooseLeader(unclean, lost), { leader: 2, isr: [2], unclean: true })
  assert.equal(chooseLeader(unclean, given({ isr: [1], online: [] })), undefined)
})

test('an unclean election is clean while anybody in sync lives', () => {
  const choice = chooseLeader(unclean, given({ isr: [3], online: [2, 3] }))
  assert.deepEqual(choice, { leader: 3, isr: [3], unclean: false })
})

test('reassigned: within the target; the in-sync set stays', () => {
  const moved = given({
    replicas: [4, 5, 1],
    targetReplicas: [4, 5],
    isr: [1, 5, 4],
    online: [1, 5],
  })
  assert.deepEqual(chooseLeader({ kind: 'reassign' }, moved), {
    leader: 5,
    isr: [1, 5, 4],
    unclean: false,
  })
})

test('preferred: the first of the assignment or nobody', () => {
  const preferred = { kind: 'preferred' } as const
  assert.equal(chooseLeader(preferred, given({}))?.leader, 1)
  assert.equal(chooseLeader(preferred, given({ isr: [2, 3] })), undefined)
  assert.equal(chooseLeader(preferred, given({ online: [2, 3] })), undefined)
})

test('controlled shutdown: past those that shut down, who also leave the in-sync set', () => {
  const stopping = given({ shuttingDown: new Set([1]) })
  const choice = chooseLeader({ kind: 'controlledShutdown' }, stopping)
  assert.deepEqual(choice, { leader: 2, isr: [2, 3], unclean: false })
  const all = given({ shuttingDown: new Set([1, 2, 3]) })
  assert.equal(chooseLeader({ kind: 'controlledShutdown' }, all), undefined)
})
