import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DirectorySyncs } from './directory-syncs.ts'

test('who asks while a sync runs shares one that begins afterwards', async () => {
  const begun: (() => void)[] = []
  const syncs = new DirectorySyncs({
    syncDirectory: () => new Promise((resolve) => begun.push(resolve)),
  })
  const settled: string[] = []
  const ask = (name: string) => syncs.sync('/d1').then(() => settled.push(name))
  const asked = [ask('a')]
  await Promise.resolve()
  asked.push(ask('b'), ask('c'))
  assert.equal(begun.length, 1)
  begun[0]?.()
  await asked[0]
  await Promise.resolve()
  assert.deepEqual([settled, begun.length], [['a'], 2])
  begun[1]?.()
  await Promise.all(asked)
  assert.deepEqual(settled, ['a', 'b', 'c'])
})

test('a failed sync fails those who waited for it, and the next is tried anew', async () => {
  let failures = 1
  const syncs = new DirectorySyncs({
    syncDirectory: () => (failures-- > 0 ? Promise.reject(new Error('EIO')) : Promise.resolve()),
  })
  await assert.rejects(syncs.sync('/d1'), /EIO/)
  await syncs.sync('/d1')
})
