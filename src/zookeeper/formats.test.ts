// ZooKeeper's own files: what Apache ZooKeeper 3.8.4 wrote is read, and written again byte for byte.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { adler32 } from './adler32.ts'
import { JuteError, JuteReader, JuteWriter } from './jute.ts'
import { readLog } from './read-log.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts'
import { readEntry, writeEntry } from './transactions.ts'
import type { Entry } from './transactions.ts'
import { Tree } from './tree.ts'

const FIXTURES = new URL('../../test/fixtures/zookeeper/', import.meta.url)
const LOG = readFileSync(new URL('apache-3.8.4-log.1', FIXTURES))
const SNAPSHOT = readFileSync(new URL('apache-3.8.4-snapshot.1c', FIXTURES))
/** A version and a digest of the tree, which ZooKeeper adds to each entry that changes it. */
const DIGEST_BYTES = 12

function entriesOf(bytes: Buffer): Entry[] {
  const { disk } = simulatedPlatform({ seed: 1 })
  disk.install('/log.1', bytes)
  const entries: Entry[] = []
  readLog(disk, '/log.1', (entry) => entries.push(entry))
  return entries
}

test('every entry of an Apache log is read, and encodes to the same bytes', () => {
  let position = 16
  let count = 0
  while (position < LOG.length) {
    const length = LOG.readInt32BE(position + 8)
    const start = position + 12
    const entry = readEntry(new JuteReader(LOG, start, start + length))
    const writer = new JuteWriter()
    writeEntry(writer, entry)
    const digestBytes = entry.txn.kind === 'error' ? 0 : DIGEST_BYTES
    const expected = LOG.subarray(start, start + length - digestBytes)
    assert.equal(writer.finish().toString('hex'), expected.toString('hex'), entry.txn.kind)
    position = start + length + 1
    count++
  }
  assert.equal(count, 39)
  assert.equal(entriesOf(LOG).length, count)
})

test('an Apache log replayed gives the tree that ZooKeeper had', () => {
  const tree = Tree.initial()
  for (const entry of entriesOf(LOG)) tree.apply(entry, [])
  const node = tree.nodes.get('/a')
  assert.ok(node)
  const { cversion, version, aversion, numChildren, pzxid } = tree.stat(node)
  assert.deepEqual(
    { cversion, version, aversion, numChildren, pzxid },
    { cversion: 8, version: 3, aversion: 2, numChildren: 2, pzxid: 0x25 },
  )
  assert.deepEqual([...tree.nodes.keys()].toSorted(), [
    '/',
    '/a',
    '/a/nodata',
    '/a/s-0000000000',
    '/acl',
    '/cont',
    '/zookeeper',
    '/zookeeper/config',
    '/zookeeper/quota',
  ])
  assert.equal(tree.stat(tree.nodes.get('/') ?? node).cversion, 2)
  assert.deepEqual(tree.aclOf(node), [{ perms: 1, scheme: 'world', id: 'anyone' }])
  assert.deepEqual([...tree.containers], ['/cont'])
})

test('an Apache snapshot is read and written again with the same content', () => {
  const tree = decodeSnapshot(SNAPSHOT, 0x1c, {})
  assert.equal(tree.lastZxid, 0x1c)
  assert.equal(tree.nodes.get('/a')?.data?.toString(), 'trigger')
  const again = decodeSnapshot(encodeSnapshot(tree), 0x1c, {})
  assert.deepEqual(again.nodes, tree.nodes)
  assert.deepEqual([...again.acls.entries()], [...tree.acls.entries()])
})

test('any damage to a snapshot is noticed', () => {
  const whole = encodeSnapshot(decodeSnapshot(SNAPSHOT, 0x1c, {}))
  for (let position = 0; position < whole.length; position += 7) {
    const damaged = Buffer.from(whole)
    damaged[position] = (damaged[position] ?? 0) ^ 0x10
    // The database's id takes no part in what a snapshot says, but in its checksum.
    assert.throws(() => decodeSnapshot(damaged, 0x1c, {}), Error, `byte ${position}`)
  }
  assert.throws(() => decodeSnapshot(whole.subarray(0, -1), 0x1c, {}), JuteError)
})

test('lengths are compared with the bytes left before anything is allocated', () => {
  const lies = new JuteWriter().int32(0x7fff_ffff).finish()
  assert.throws(() => new JuteReader(lies).bytes(), JuteError)
  assert.throws(() => new JuteReader(lies).string(), JuteError)
  assert.throws(() => new JuteReader(lies).strings(), JuteError)
  const negative = new JuteWriter().int32(-2).finish()
  assert.throws(() => new JuteReader(negative).bytes(), JuteError)
  assert.throws(() => new JuteReader(negative).strings(), JuteError)
})

test('adler32 is that of RFC 1950', () => {
  assert.equal(adler32(Buffer.from('Wikipedia')), 0x11e60398)
  assert.equal(adler32(Buffer.alloc(100_000, 0xff)), adler32Slowly(Buffer.alloc(100_000, 0xff)))
})

function adler32Slowly(bytes: Buffer): number {
  let low = 1
  let high = 0
  for (const byte of bytes) {
    low = (low + byte) % 65521
    high = (high + low) % 65521
  }
  return high * 65536 + low
}
