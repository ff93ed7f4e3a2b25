// Reads golden and damaged directories, and expects findings that an operator can act on: with file
// and byte, and with what a start then really does.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { SimulatedWorld, type SimulatedMachine } from '../testing/simulated/simulated-world.ts'
import { checkDirectory, checkPartition } from './check.ts'
import { describeFinding, type Finding } from './finding.ts'
import { openLogs } from './history-support.test.ts'
import {
  batchOf,
  DIRECTORY,
  goldenFiles,
  installGolden,
  leaderOptions,
  logConfig,
  newPlatform,
  settle,
} from './support.test.ts'

const SOUND = [
  '3.9-txn-0',
  '3.9-segments-0',
  '3.9-compacted-0',
  '3.9-codec-zstd-0',
  'ibp26-fmt-v1-0',
]

async function all(findings: AsyncIterable<Finding>): Promise<Finding[]> {
  const found: Finding[] = []
  for await (const finding of findings) found.push(finding)
  return found
}

function damages(findings: readonly Finding[]): string[] {
  return findings.filter(({ severity }) => severity === 'damage').map(describeFinding)
}

for (const name of SOUND) {
  test(`${name} is sound, and unchanged by the check`, async () => {
    const platform = newPlatform()
    installGolden(platform, name)
    const before = platform.disk.contents()
    assert.deepEqual(damages(await all(checkPartition(platform, DIRECTORY))), [])
    assert.deepEqual(platform.disk.contents(), before)
  })
}

const SEGMENT = '00000000000000000018'
const PARTITION = '/data/flights-0'
const CONFIG = logConfig({ segmentBytes: 2000, indexIntervalBytes: 100 })

/** A log of 40 batches in several segments, by a producer with an id, closed in order. */
async function written(): Promise<SimulatedMachine> {
  const machine = new SimulatedWorld({ seed: 1 }).machine('broker')
  const logs = await openLogs(machine, CONFIG)
  const log = logs.getOrCreate('flights', 0, 'KzViUmG_TMKfn45LG0aAbQ', { isNew: true })
  for (let index = 0; index < 40; index += 1) {
    const timestamp = 1_700_000_000_000 + index * 10
    const input = { timestamp, producerId: 7, producerEpoch: 0, baseSequence: index }
    const records = batchOf([`value ${index} ${'x'.repeat(60)}`], input)
    assert.equal(log.appendAsLeader(records, leaderOptions()).error, 0)
    await settle(machine.platform)
  }
  await logs.close()
  machine.kill()
  return machine
}

interface Damage {
  readonly name: string
  readonly harm: (machine: SimulatedMachine) => void
  /** After a stop in order, and after a kill of a log that was never flushed. */
  readonly clean: RegExp
  readonly unclean?: RegExp
  /** Where the log ends then; 40 when nothing is said. */
  readonly end?: readonly [clean: number, unclean: number]
}

const flip = (file: string, byte: number, mask?: number) => (machine: SimulatedMachine) =>
  machine.platform.disk.flipBits(join(PARTITION, file), byte, mask)
const put = (path: string, content: string) => (machine: SimulatedMachine) =>
  machine.platform.disk.install(join('/data', path), content)
const cut = (file: string, bytes: number) => (machine: SimulatedMachine) => {
  const open = machine.platform.disk.openSync(join(PARTITION, file), 'write')
  open.truncateSync(open.sizeSync() - bytes)
  open.syncSync()
}
const remove = (file: string) => (machine: SimulatedMachine) =>
  machine.platform.disk.removeSync(join(PARTITION, file))

const DAMAGES: readonly Damage[] = [
  {
    name: 'a flipped bit in a batch',
    harm: flip(`${SEGMENT}.log`, 500),
    clean:
      /18\.log at byte 422: the checksum does not match; a start leaves it.* offset 20 is refused/,
    unclean:
      /18\.log at byte 422: .* a start cuts the log there, to 422 bytes.* ends at offset 20$/,
    end: [40, 20],
  },
  {
    name: 'a base offset that no checksum covers',
    harm: flip(`${SEGMENT}.log`, 211 + 6, 0x40),
    clean: /18\.log at byte 211: offset 16403 lies between 18 and 20; a start leaves it/,
    unclean: /18\.log at byte 211: .* a start cuts the log there, to 211 .* ends at offset 19$/,
    end: [40, 19],
  },
  {
    name: 'a log file that ends early',
    harm: cut('00000000000000000036.log', 10),
    clean: /36\.log at byte 633: there is no whole batch; a start cuts .* ends at offset 39$/,
    end: [39, 39],
  },
  {
    name: 'garbage behind the last batch',
    harm: (machine) => {
      const path = join(PARTITION, '00000000000000000036.log')
      const log = machine.platform.disk.readFileSync(path)
      machine.platform.disk.install(path, Buffer.concat([log, Buffer.from('x'.repeat(70))]))
    },
    clean: /36\.log at byte 844: there is no whole batch; a start cuts .*, to 844 bytes .* 40$/,
  },
  {
    name: 'a log file that is gone',
    harm: remove(`${SEGMENT}.log`),
    clean: /18\.index: has no log file; a start removes it/,
    end: [40, 18],
  },
  {
    name: 'an offset index of another size',
    harm: cut(`${SEGMENT}.index`, 3),
    clean: /18\.index at byte 56: ends in the middle of an entry; a start makes it anew/,
  },
  {
    name: 'an offset index that points elsewhere',
    harm: flip(`${SEGMENT}.index`, 7, 0x01),
    clean: /18\.index at byte 0: points to a byte where no batch begins; a start makes it anew/,
  },
  {
    name: 'an offset index that points beyond the log file',
    harm: flip(`${SEGMENT}.index`, 12, 0x10),
    clean: /18\.index at byte 8: points beyond the end of its log file, which has 1899 bytes/,
  },
  {
    name: 'an offset index with a wrong offset',
    harm: flip(`${SEGMENT}.index`, 59, 0x40),
    clean: /18\.index at byte 56: says offset 90 where 26 is; a start does not notice/,
    unclean: /18\.index at byte 56: says .*; a start makes it anew/,
  },
  {
    name: 'a time index with a wrong time',
    harm: flip(`${SEGMENT}.timeindex`, 7, 0x08),
    clean: /18\.timeindex at byte 0: says \d+ for offset 19, not \d+; a start does not notice/,
    unclean: /18\.timeindex at byte 0: says .*; a start makes it anew/,
  },
  {
    name: 'a time index out of order',
    harm: flip(`${SEGMENT}.timeindex`, 3, 0x40),
    clean: /18\.timeindex at byte 12: has an entry out of order; a start makes it anew/,
  },
  {
    name: 'an index of transactions that is none',
    harm: put(`flights-0/${SEGMENT}.txnindex`, 'garbage'),
    clean: /18\.txnindex at byte 0: ends in the middle of an entry; a start makes it anew/,
  },
  {
    name: 'a snapshot with a flipped bit',
    harm: flip('00000000000000000040.snapshot', 12),
    clean: /40\.snapshot at byte 2: does not match its checksum; a start removes it/,
  },
  {
    name: 'garbage for leader epochs',
    harm: put('flights-0/leader-epoch-checkpoint', 'garbage'),
    clean:
      /leader-epoch-checkpoint: line 1: version garbage; a start reads the epochs from the bat/,
  },
  {
    name: 'garbage for the id of the topic',
    harm: put('flights-0/partition.metadata', 'garbage'),
    clean:
      /partition\.metadata at byte 0: names no topic id; a start learns it from the controller/,
  },
  ...['recovery-point-offset', 'log-start-offset', 'replication-offset', 'cleaner-offset'].map(
    (name) => ({
      name: `garbage for ${name}-checkpoint`,
      harm: put(`${name}-checkpoint`, '0\n5\ngarbage'),
      clean: new RegExp(
        `${name}-checkpoint: 1 lines where 5 are announced; a start takes it as em`,
      ),
    }),
  ),
  {
    name: 'a start beyond the end',
    harm: put('log-start-offset-checkpoint', '0\n1\nflights 0 4000\n'),
    clean: /flights-0: ends at 40, below its log start offset 4000: emptied, it goes on from there/,
    end: [4000, 4000],
  },
]

for (const { name, harm, clean, unclean = clean, end = [40, 40] } of DAMAGES) {
  for (const [index, pattern] of [clean, unclean].entries()) {
    const isClean = index === 0
    test(`${name}, after a ${isClean ? 'stop' : 'kill'}: a start does what is said`, async () => {
      const machine = await written()
      const { disk } = machine.platform
      if (!isClean) {
        disk.removeSync('/data/.kafka_cleanshutdown')
        disk.install('/data/recovery-point-offset-checkpoint', '0\n0\n')
      }
      harm(machine)
      const before = disk.contents()
      const found = damages(await all(checkDirectory(machine.platform, '/data')))
      assert.deepEqual(disk.contents(), before)
      assert.ok(
        found.some((line) => pattern.test(line)),
        found.join('\n'),
      )
      const [, file, size] = /^(\S+) at byte .* to (\d+) bytes/m.exec(found.join('\n')) ?? []
      const logs = await openLogs(machine, CONFIG)
      const log = logs.get('flights', 0)
      assert.equal(log?.logEndOffset, end[index])
      if (file !== undefined) assert.equal(disk.statSync(file)?.size, Number(size))
      for (const line of found) {
        const removed = /^(\S+): has no log file; a start removes it/.exec(line)?.[1]
        if (removed !== undefined) assert.equal(disk.statSync(removed), undefined)
      }
      await logs.close()
    })
  }
}

test('nothing is said of a log that is sound; strangers and leftovers are noted', async () => {
  const machine = await written()
  const { disk } = machine.platform
  assert.deepEqual(await all(checkDirectory(machine.platform, '/data')), [])
  disk.removeSync('/data/.kafka_cleanshutdown')
  disk.install('/data/lost+found/x', '')
  disk.install('/data/notes.txt', '')
  disk.install('/data/flights-0/mine', '')
  disk.install('/data/flights-0/00000000000000000003.log.deleted', '')
  disk.install(`/data/old-0.${'a'.repeat(32)}-delete/x`, '')
  disk.install(`/data/old-0.${'b'.repeat(32)}-stray/x`, '')
  const noted = (await all(checkDirectory(machine.platform, '/data'))).map(describeFinding)
  assert.deepEqual(noted.map((line) => line.replace(/[ab]{32}/, '…')).toSorted(), [
    '/data/flights-0/00000000000000000003.log.deleted: is a leftover; a start removes it',
    '/data/flights-0/mine: is not Kafka’s; a start leaves it alone',
    '/data/lost+found: is no partition; a start leaves it alone',
    '/data/notes.txt: is not Kafka’s; a start leaves it alone',
    '/data/old-0.…-delete: was deleted; a start removes it',
    '/data/old-0.…-stray: was set aside; a start leaves it alone',
    '/data: was not left in order; a start checks its logs from their recovery points on',
  ])
})

test('a directory of a broker in KRaft mode is refused with the reason', async () => {
  const machine = await written()
  machine.platform.disk.install('/data/meta.properties', 'version=1\nnode.id=1\ncluster.id=x\n')
  const found = damages(await all(checkDirectory(machine.platform, '/data')))
  assert.match(found[0] ?? '', /meta\.properties: .*KRaft mode.*; a start refuses the directory/)
  await assert.rejects(openLogs(machine, CONFIG), /KRaft mode/)
})

test('a finished compaction that is damaged is told apart from one that is whole', async () => {
  const machine = await written()
  const log = machine.platform.disk.readFileSync(`${PARTITION}/${SEGMENT}.log`)
  machine.platform.disk.install(`${PARTITION}/${SEGMENT}.log.swap`, log)
  const whole = (await all(checkDirectory(machine.platform, '/data'))).map(describeFinding)
  assert.match(whole.join('\n'), /swap: is a finished compaction; a start puts it in place/)
  machine.platform.disk.flipBits(`${PARTITION}/${SEGMENT}.log.swap`, 100)
  const harmed = damages(await all(checkDirectory(machine.platform, '/data')))
  assert.match(harmed.join('\n'), /swap at byte 0: the checksum does not match; a start puts it/)
})

test('every file of a golden directory is one of Kafka’s', async () => {
  const platform = newPlatform()
  installGolden(platform, '3.9-txn-0')
  assert.ok(goldenFiles('3.9-txn-0').size > 5)
  const found = await all(checkPartition(platform, DIRECTORY))
  const dumps = found.filter(({ path }) => !/dump-.*\.txt$/.test(path))
  assert.deepEqual(dumps, [])
})
