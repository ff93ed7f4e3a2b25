// Compaction by a real cleaner, in its own thread, on settings that were changed while it runs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { IncrementalAlterConfigs } from '../../src/wire/messages/44-incremental-alter-configs.ts'
import { buildBatch } from '../../src/wire/records/build-batch.ts'
import { Compression } from '../../src/wire/records/compression.ts'
import { readBack, type ReadRecord } from '../support/read-back.ts'
import { until } from '../support/until.ts'
import { connectRaw, createTopic, theTarget } from './targets.ts'

const BROKER_TYPE = 4
const TOPIC_TYPE = 2
const KEYS = 4
const ROUNDS = 30
const PER_BATCH = 3

async function set(resourceType: number, resourceName: string, values: Record<string, string>) {
  using wire = await connectRaw()
  const configs = Object.entries(values).map(([name, value]) => ({
    name,
    configOperation: 0,
    value,
  }))
  const { responses } = await wire.ask(IncrementalAlterConfigs, 1, {
    resources: [{ resourceType, resourceName, configs }],
    validateOnly: false,
  })
  assert.equal(responses[0]?.errorCode, 0, responses[0]?.errorMessage ?? '')
}

/** Batches of every codec; every key but the last of each batch comes again and again. */
async function fill(topic: string): Promise<void> {
  using wire = await connectRaw()
  const codecs = Object.values(Compression)
  for (let round = 0; round < ROUNDS; round += 1) {
    const keys = [`k${round % KEYS}`, `k${(round + 1) % KEYS}`, `once-${round}`]
    const records = buildBatch({
      compression: codecs[round % codecs.length],
      records: keys.map((key) => ({
        key: Buffer.from(key),
        value: round === 8 && key === 'once-8' ? null : Buffer.from(`${round} ${'x'.repeat(50)}`),
        timestamp: Date.now(),
      })),
    })
    const { responses } = await wire.ask(Produce, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
    })
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 0)
  }
}

/** Records below `end` that a later one below it has replaced. */
function replaced(records: readonly ReadRecord[], end: number): ReadRecord[] {
  const below = records.filter(({ offset }) => offset < end)
  const newest = new Map(below.map(({ key, offset }) => [key, offset]))
  return below.filter(({ key, offset }) => newest.get(key) !== offset)
}

test('a topic that becomes compacted keeps the newest of each key, at its offset', async () => {
  const topic = 'compaction'
  await set(BROKER_TYPE, '', { 'log.cleaner.backoff.ms': '50', 'log.cleaner.threads': '2' })
  await createTopic(topic, { configs: { 'segment.bytes': '700' } })
  await fill(topic)
  const address = await theTarget()
  const before = await readBack(address, topic, 0)
  assert.equal(before.length, ROUNDS * PER_BATCH)
  await set(TOPIC_TYPE, topic, { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' })
  // The last segment is written to, and stays as it is.
  const end = (ROUNDS - 5) * PER_BATCH
  let after: ReadRecord[] = []
  await until(async () => {
    after = await readBack(address, topic, 0)
    return replaced(after, end).length === 0
  }, 'the cleaner')
  const gone = new Set(replaced(before, end).map(({ offset }) => offset))
  const mayBeGone = new Set(replaced(before, ROUNDS * PER_BATCH).map(({ offset }) => offset))
  for (const record of before) {
    const found = after.find(({ offset }) => offset === record.offset)
    if (gone.has(record.offset)) assert.equal(found, undefined)
    else if (!mayBeGone.has(record.offset)) assert.deepEqual(found, record)
  }
  const tombstone = after.find(({ key }) => key === 'once-8')
  assert.equal(tombstone?.value, null)
})
