import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { SimulatedMachine } from '../testing/simulated/simulated-world.ts'
import { fakeBrokerConfig } from './history-support.test.ts'
import { Logs } from './logs.ts'
import { batchOf, leaderOptions, logConfig, settle } from './support.test.ts'

const TOPIC_ID = 'KzViUmG_TMKfn45LG0aAbQ'

function open(on: SimulatedMachine): Promise<Logs> {
  return Logs.open({
    platform: on.platform,
    logger: silentLogger,
    metrics: new Metrics(),
    config: fakeBrokerConfig,
    directories: ['/d1'],
    brokerId: 0,
    clusterId: 'jzqEa8BARt2v_OD1cmK9Nw',
    topicConfig: () => logConfig(),
  })
}

test('KAFKA-1647: the high watermark is kept over kills, also of a partition without a leader', async () => {
  const on = new SimulatedWorld({ seed: 1 }).machine('broker')
  const logs = await open(on)
  const log = logs.getOrCreate('flights', 0, TOPIC_ID, { isNew: true })
  log.appendAsLeader(batchOf(['a', 'b', 'c']), leaderOptions())
  await settle(on.platform)
  log.updateHighWatermark(2)
  await logs.checkpointHighWatermarks()
  // Two lives in which no controller says who leads, each with the checkpoint that time brings.
  for (let life = 1; life <= 2; life++) {
    on.kill()
    const again = await open(on)
    assert.equal(again.highWatermarkCheckpoint('flights', 0), 2)
    await again.checkpointHighWatermarks()
    const text = on.platform.disk.readFileSync('/d1/replication-offset-checkpoint').toString()
    assert.equal(text, '0\n1\nflights 0 2\n')
  }
})
