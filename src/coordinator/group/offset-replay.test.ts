// Redpanda #31483: live state equals a replay of the log for every interleaving of plain commits,
// transactional commits, markers, deletions and expiry.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Seeded } from '../../testing/simulated/seeded.ts'
import { ControlType, controlBatch } from '../../wire/records/control-batch.ts'
import { MemoryLog } from '../memory-log.ts'
import { replayChunk } from '../replay.ts'
import { Shard } from '../shard.ts'
import type { Command, Effect } from './group-commands.ts'
import { decodeGroupRecord, encodeGroupEvents, type GroupEvent } from './group-events.ts'
import { GroupMachine } from './group-machine.ts'
import { DEFAULT_GROUP_SETTINGS } from './group-settings.ts'
import type { Touch } from './group-touches.ts'
import { SimulatedClock } from '../../testing/simulated/simulated-clock.ts'
import { VirtualTime } from '../../testing/simulated/virtual-time.ts'

const GROUPS = ['g', 'h']
const SETTINGS = {
  ...DEFAULT_GROUP_SETTINGS,
  offsetsRetentionMs: 3_000,
  retentionCheckIntervalMs: 500,
}

function stateOf(machine: GroupMachine): unknown {
  return GROUPS.map((groupId) => ({
    groupId,
    exists: machine.group(groupId) !== undefined,
    offsets: [...machine.offsets.topics(groupId)]
      .flatMap(([topic, partitions]) =>
        [...partitions].map((one) => `${topic}-${one} ${describe(machine, groupId, topic, one)}`),
      )
      .toSorted(),
    pending: [...machine.pendingOffsets.partitions(groupId)]
      .map(({ topic, partition }) => `${topic}-${partition}`)
      .toSorted(),
  }))
}

function describe(machine: GroupMachine, groupId: string, topic: string, one: number): string {
  const place = machine.offsets.recordOffset(groupId, topic, one)
  return `${machine.offsets.get(groupId, topic, one)?.offset} at ${place}`
}

function replayed(log: MemoryLog): GroupMachine {
  const machine = new GroupMachine(SETTINGS)
  for (const batch of log.batches) {
    replayChunk(batch, 0, machine, decodeGroupRecord, (offset, reason) =>
      assert.fail(`${offset}: ${reason}`),
    )
  }
  return machine
}

function randomCommand(random: Seeded, step: number): Command {
  const groupId = random.chance(0.5) ? 'g' : 'h'
  const name = random.chance(0.5) ? 't' : 'u'
  const partition = random.between(0, 2)
  const dice = random.fraction()
  if (dice < 0.05) return { kind: 'deleteGroup', key: groupId, replyTo: 1 }
  if (dice < 0.1) return { kind: 'topicsDeleted', key: '', topics: new Set([name]) }
  if (dice < 0.2) {
    const topics = [{ name, partitionIndexes: [partition] }]
    return { kind: 'deleteOffsets', key: groupId, replyTo: 1, request: { groupId, topics } }
  }
  const offset = {
    partitionIndex: partition,
    committedOffset: step,
    committedLeaderEpoch: -1,
    committedMetadata: random.chance(0.2) ? 'x' : null,
  }
  return {
    kind: 'commit',
    key: groupId,
    replyTo: 1,
    request: {
      groupId,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: random.chance(0.2) ? 200 : -1,
      topics: [{ name, partitions: [offset] }],
    },
    producer: random.chance(0.5) ? { id: random.between(1, 3), epoch: 0 } : undefined,
  }
}

async function live(seed: number): Promise<void> {
  const random = new Seeded(seed)
  const clock = new SimulatedClock(new VirtualTime())
  const log = new MemoryLog()
  const machine = new GroupMachine(SETTINGS)
  const shard = new Shard<Command, GroupEvent, Touch, Effect>(0, 0, log, machine, {
    clock,
    encode: encodeGroupEvents,
    deliver: () => {},
    fail: () => {},
    deadlineCommand: { kind: 'deadline', key: '' },
    commitTimeoutMs: 5_000,
  })
  shard.activate()
  /** Markers that are in the log while the coordinator has not heard of them. */
  const unheard: { readonly producerId: number; readonly committed: boolean }[] = []
  const hear = () => {
    const marker = unheard.shift()
    if (marker !== undefined) shard.completeTransaction(marker.producerId, marker.committed)
  }
  for (let step = 0; step < 80; step++) {
    const dice = random.fraction()
    if (dice < 0.15) {
      // A producer begins nothing new before its last transaction has ended everywhere.
      const producerId = random.between(1, 3)
      const committed = random.chance(0.6)
      const type = committed ? ControlType.commit : ControlType.abort
      const marker = { type, producerId, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 0 }
      log.append(controlBatch(marker))
      unheard.push({ producerId, committed })
    } else if (dice < 0.3) {
      await clock.advance(random.between(1, 700))
    } else {
      const command = randomCommand(random, step)
      const busy = unheard.map((marker) => marker.producerId)
      if (command.kind === 'commit' && busy.includes(command.producer?.id ?? -1)) hear()
      else shard.handle(command)
    }
    if (random.chance(0.5)) hear()
  }
  while (unheard.length > 0) hear()
  assert.deepEqual(stateOf(replayed(log)), stateOf(machine), `seed ${seed}`)
}

test('Redpanda #31483: live offsets equal a replay of the log', async () => {
  for (let seed = 0; seed < 200; seed++) await live(seed)
})
