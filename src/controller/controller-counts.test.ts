import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metrics } from '../telemetry/metrics.ts'
import { ControllerContext, Partition, Topic } from './context.ts'
import { controllerCounts, registerControllerMetrics } from './controller-counts.ts'

test('the active controller counts what operators watch, and another counts nothing', () => {
  const context = new ControllerContext(1, 1, 1)
  const topic = new Topic('orders', undefined)
  context.addTopic(topic)
  for (const [index, leader] of [1, 2, -1].entries()) {
    const assignment = { replicas: [1, 2], adding: [], removing: [] }
    const partition = new Partition(topic, index, assignment)
    partition.leadership = {
      leader,
      leaderEpoch: 0,
      isr: [1],
      leaderRecoveryState: 0,
      controllerEpoch: 1,
      partitionEpoch: 0,
    }
    topic.partitions.set(index, partition)
    context.setPartitionPhase(partition, leader === -1 ? 'offline' : 'online')
  }
  const statistics = { uncleanElections: 4 }
  const counts = controllerCounts(context, statistics)
  assert.equal(counts.activeControllers, 1)
  assert.equal(counts.partitions, 3)
  assert.equal(counts.offlinePartitions, 1)
  assert.equal(counts.preferredReplicaImbalance, 2)
  const follower = controllerCounts(undefined, statistics)
  assert.equal(follower.activeControllers, 0)
  assert.equal(follower.uncleanElections, 4)
  const metrics = new Metrics()
  registerControllerMetrics(metrics, { counts })
  assert.match(metrics.render(), /kafka_controller_kafkacontroller_offlinepartitionscount 1/)
})
