import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaError } from '../wire/errors.ts'
import { assignReplicas, manualAssignmentProblem } from './replica-assignment.ts'

const plain = (count: number) => Array.from({ length: count }, (_, id) => ({ id, rack: null }))

test('without racks: leaders go round, followers keep a distance that grows with each round', () => {
  const assignment = assignReplicas({
    brokers: plain(5),
    numPartitions: 10,
    replicationFactor: 3,
    startIndex: 0,
    shift: 0,
  })
  // The example in Kafka's documentation of the placement.
  const rows = [...assignment.values()].map((replicas) => replicas.join(''))
  assert.deepEqual(rows, ['012', '123', '234', '340', '401', '023', '134', '240', '301', '412'])
})

test('with racks: no rack twice before all are used', () => {
  const racks = ['a', 'a', 'b', 'b', 'c', 'c']
  const brokers = racks.map((rack, id) => ({ id, rack }))
  for (let startIndex = 0; startIndex < 6; startIndex += 1) {
    for (let shift = 0; shift < 6; shift += 1) {
      const placement = { brokers, numPartitions: 12, replicationFactor: 4, startIndex, shift }
      const leaders = new Map<number, number>()
      for (const replicas of assignReplicas(placement).values()) {
        assert.equal(new Set(replicas).size, 4)
        assert.equal(new Set(replicas.slice(0, 3).map((id) => racks[id])).size, 3)
        const leader = replicas[0] ?? -1
        leaders.set(leader, (leaders.get(leader) ?? 0) + 1)
      }
      assert.deepEqual([...leaders.values()], [2, 2, 2, 2, 2, 2])
    }
  }
})

test('added partitions go on where the first ones ended', () => {
  const all = { brokers: plain(3), replicationFactor: 2, startIndex: 1, shift: 1 }
  const whole = assignReplicas({ ...all, numPartitions: 4 })
  const added = assignReplicas({ ...all, numPartitions: 1, firstPartition: 3 })
  assert.deepEqual([...added.keys()], [3])
  assert.equal(added.get(3)?.[0], whole.get(3)?.[0])
})

test('impossible numbers are refused in words', () => {
  const all = { brokers: plain(3), startIndex: 0, shift: 0 }
  const refusal = (numPartitions: number, replicationFactor: number): string => {
    try {
      assignReplicas({ ...all, numPartitions, replicationFactor })
    } catch (error) {
      assert(error instanceof KafkaError)
      return error.message
    }
    return 'accepted'
  }
  assert.equal(refusal(0, 1), 'Number of partitions must be larger than 0.')
  assert.equal(refusal(1, 0), 'Replication factor must be larger than 0.')
  assert.equal(refusal(1, 9), 'Replication factor: 9 larger than available brokers: 3.')
  assert.equal(refusal(1, 3), 'accepted')
})

test('a cluster with one broker takes factor one only', () => {
  const placement = { brokers: plain(1), startIndex: 0, shift: 0, numPartitions: 3 }
  const assignment = assignReplicas({ ...placement, replicationFactor: 1 })
  assert.deepEqual([...assignment.values()], [[0], [0], [0]])
})

test('what a user writes is checked', () => {
  const problem = (entries: [number, number[]][]) => manualAssignmentProblem(new Map(entries))
  assert.equal(
    problem([
      [0, [1, 2]],
      [1, [2, 1]],
    ]),
    undefined,
  )
  assert.match(
    problem([
      [0, [1]],
      [1, [2, 1]],
    ]) ?? '',
    /same number of replicas/,
  )
  assert.equal(
    problem([[0, [0, 0]]]),
    'Duplicate replica assignment found: HashMap(0 -> ArrayBuffer(0, 0))',
  )
  assert.match(
    problem([
      [0, [1]],
      [2, [1]],
    ]) ?? '',
    /consecutive 0-based/,
  )
})
