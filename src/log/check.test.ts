// Reads golden and damaged directories and expects findings an operator can act on.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkDirectory, checkPartition, describeFinding } from './check.ts'
import { DIRECTORY, installGolden, newPlatform } from './support.test.ts'

const SOUND = [
  '3.9-txn-0',
  '3.9-segments-0',
  '3.9-compacted-0',
  '3.9-codec-zstd-0',
  'ibp26-fmt-v1-0',
]

for (const name of SOUND) {
  test(`${name} is sound, and unchanged by the check`, () => {
    const platform = newPlatform()
    installGolden(platform, name)
    const before = platform.disk.contents()
    assert.deepEqual([...checkPartition(platform.disk, DIRECTORY)], [])
    assert.deepEqual(platform.disk.contents(), before)
  })
}

test('each kind of damage is named with its file, and with what a start does', () => {
  const cases = [
    [
      '00000000000000000003.log',
      100,
      /00003\.log at byte 78: .*checksum.*cuts the log there, at offset 4/,
    ],
    ['00000000000000000003.index', 0, /00003\.index: is damaged; a start makes it anew/],
    ['00000000000000000003.txnindex', 0, /txnindex: is damaged; a start makes it anew/],
    ['00000000000000000016.snapshot', 12, /snapshot: is damaged; a start removes it/],
    [
      'leader-epoch-checkpoint',
      0,
      /leader-epoch-checkpoint: .*; a start reads the epochs from the batches/,
    ],
    ['partition.metadata', 2, /partition\.metadata: names no topic id/],
  ] as const
  for (const [file, byte, expected] of cases) {
    const platform = newPlatform()
    installGolden(platform, '3.9-txn-0')
    platform.disk.flipBits(join(DIRECTORY, file), byte)
    const found = Array.from(checkPartition(platform.disk, DIRECTORY), describeFinding)
    assert.equal(found.length, 1, `${file}: ${found.join('\n')}`)
    assert.match(found[0] ?? '', expected)
  }
})

test('a whole log directory: strangers and leftovers are noted, damage is told apart', () => {
  const platform = newPlatform()
  installGolden(platform, '3.9-txn-0')
  platform.disk.install('/data/lost+found/x', '')
  platform.disk.install('/data/recovery-point-offset-checkpoint', 'garbage')
  platform.disk.install('/data/meta.properties', 'version=1\n')
  platform.disk.install(`/data/old-0.${'a'.repeat(32)}-delete/x`, '')
  const found = [...checkDirectory(platform.disk, '/data')]
  const damaged = found.filter(({ severity }) => severity === 'damage').map(describeFinding)
  assert.deepEqual(damaged.length, 2)
  assert.ok(damaged.some((line) => /recovery-point.*taken as empty/.test(line)))
  assert.ok(damaged.some((line) => /KRaft.*refuses the directory/.test(line)))
  assert.equal(found.filter(({ severity }) => severity === 'note').length, 3)
})
