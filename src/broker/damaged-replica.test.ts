// Damage on one replica of three stays there: it is cut off, or not served, and the others keep all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errors } from '../wire/errors.ts'
import { TestCluster } from './replication-cluster.test.ts'
import { logValues, TOPIC } from './replication-support.test.ts'

const VALUES = Array.from({ length: 10 }, (_, index) => `value ${index}`)
const PATH = `/data/${TOPIC}-0/00000000000000000000.log`

async function replicated(): Promise<TestCluster> {
  const cluster = new TestCluster([0, 1, 2])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0, 1, 2], isNew: true })
  for (const value of VALUES) {
    const answer = cluster.broker(0).produce([value])
    assert.equal((await cluster.resolve(answer)).errorCode, Errors.NONE)
  }
  await cluster.advance(1_000)
  return cluster
}

/** The process dies, its file is harmed, and it starts again. */
async function harm(cluster: TestCluster, id: number, how: 'flip' | 'cut'): Promise<void> {
  await cluster.kill(id)
  const { disk } = cluster.world.machine(`broker-${id}`).platform
  const size = disk.statSync(PATH)?.size ?? 0
  if (how === 'flip') disk.flipBits(PATH, Math.floor(size / 2), 0x10)
  else disk.openSync(PATH, 'write').truncateSync(Math.floor(size / 2))
}

async function boot(cluster: TestCluster, id: number): Promise<void> {
  const broker = cluster.boot(id)
  await cluster.resolve(broker.logs.load(TOPIC, 0))
  assert.ok(broker.log().logEndOffset < VALUES.length)
  cluster.rejoin(id)
}

for (const how of ['flip', 'cut'] as const) {
  test(`NATS 2025: a follower with a file of which a part is bad (${how}) fetches it again`, async () => {
    const cluster = await replicated()
    await harm(cluster, 1, how)
    await boot(cluster, 1)
    cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0, 2], replicas: [0, 1, 2] })
    await cluster.advance(5_000)
    for (const id of [0, 1, 2]) {
      assert.deepEqual(await logValues(cluster.broker(id).log()), VALUES, `broker ${id}`)
    }
    const read = await cluster.resolve(cluster.broker(0).consume())
    assert.deepEqual(read.values, VALUES)
  })

  test(`NATS 2025: a leader that comes back with a bad file (${how}) costs nobody a record`, async () => {
    const cluster = await replicated()
    await harm(cluster, 0, how)
    cluster.lead({ leader: 1, leaderEpoch: 1, isr: [1, 2], replicas: [0, 1, 2] })
    await cluster.advance(1_000)
    await boot(cluster, 0)
    cluster.lead({ leader: 1, leaderEpoch: 1, isr: [1, 2], replicas: [0, 1, 2] })
    await cluster.advance(5_000)
    for (const id of [0, 1, 2]) {
      assert.deepEqual(await logValues(cluster.broker(id).log()), VALUES, `broker ${id}`)
    }
  })
}
