// Writes leaderships by compare-and-set on the version of the state znode. Where another writer was
// faster, the state is read again and the plan made anew.
import { statePath } from '../metadata/znode-paths.ts'
import { decodeState } from '../metadata/znodes.ts'
import { ZooKeeperCode } from '../zookeeper/errors.ts'
import { sameList } from './context.ts'
import type { Leadership, Partition } from './context.ts'
import { versionOf } from './guarded-store.ts'
import type { Unit } from './guarded-store.ts'
import { stateBytes } from './leadership-plans.ts'
import type { NextLeadership } from './leadership-plans.ts'
import type { Term } from './term.ts'

const MAX_ROUNDS = 10

/** What a round of writing came to, per partition. */
export interface Written {
  readonly changed: ReadonlySet<Partition>
  /** The plan had nothing to write. */
  readonly unchanged: ReadonlySet<Partition>
  /** The state could not be read or was written by a later controller. */
  readonly failed: ReadonlySet<Partition>
}

export type Plan = (partition: Partition, leadership: Leadership) => NextLeadership | undefined

/** Writes what `plan` says for each partition, and records what was written in the context. */
export async function writeLeaderships(
  term: Term,
  partitions: Iterable<Partition>,
  plan: Plan,
): Promise<Written> {
  const changed = new Set<Partition>()
  const unchanged = new Set<Partition>()
  const failed = new Set<Partition>()
  let pending = [...partitions]
  for (let round = 0; pending.length > 0 && round < MAX_ROUNDS; round += 1) {
    const units: Unit[] = []
    const planned: [Partition, NextLeadership][] = []
    for (const partition of pending) {
      const { leadership } = partition
      const isOurs = leadership !== undefined && leadership.controllerEpoch <= term.context.epoch
      const next = isOurs ? plan(partition, leadership) : undefined
      // A state that a later controller wrote is none of this one's business.
      if (!isOurs) failed.add(partition)
      else if (next === undefined) unchanged.add(partition)
      else {
        planned.push([partition, next])
        units.push([setState(partition, next, leadership.partitionEpoch)])
      }
    }
    const results = await term.store.write(units)
    const conflicting: [Partition, NextLeadership][] = []
    for (const [index, [partition, next]] of planned.entries()) {
      const result = results[index]
      if (result?.ok === true) {
        partition.leadership = { ...next, partitionEpoch: versionOf(result.results[0]) }
        changed.add(partition)
      } else if (result?.code === ZooKeeperCode.BADVERSION) conflicting.push([partition, next])
      else failed.add(partition)
    }
    const read = conflicting.map(([partition]) => partition)
    await readLeaderships(term, read)
    for (const [partition, next] of conflicting)
      if (isWritten(partition, next)) changed.add(partition)
    pending = read.filter((partition) => !changed.has(partition))
  }
  for (const partition of pending) failed.add(partition)
  return { changed, unchanged, failed }
}

/**
 * Whether the state just read is the one that was to be written: by a first attempt, the answer to
 * which was lost with the connection. Who leads must still be told.
 */
export function isWritten({ leadership }: Partition, next: NextLeadership): boolean {
  return (
    leadership !== undefined &&
    leadership.leader === next.leader &&
    leadership.leaderEpoch === next.leaderEpoch &&
    leadership.controllerEpoch === next.controllerEpoch &&
    leadership.leaderRecoveryState === next.leaderRecoveryState &&
    sameList(leadership.isr, next.isr)
  )
}

function setState(partition: Partition, next: NextLeadership, version: number): Unit[number] {
  const path = statePath(partition.topic.name, partition.index)
  return { kind: 'set', path, data: stateBytes(next), version }
}

/**
 * Reads state znodes into the context; a missing one leaves no leadership. The result tells the
 * zxid of each state's last write.
 */
export async function readLeaderships(
  term: Term,
  partitions: readonly Partition[],
): Promise<ReadonlyMap<Partition, number>> {
  const paths = partitions.map(({ topic, index }) => statePath(topic.name, index))
  const states = await term.store.readAll(paths)
  const writtenAt = new Map<Partition, number>()
  for (const [index, partition] of partitions.entries()) {
    const read = states[index]
    const node = decodeState(read?.data ?? null)
    if (node === undefined || read === undefined) {
      partition.leadership = undefined
      continue
    }
    partition.leadership = { ...node, partitionEpoch: read.stat.version }
    writtenAt.set(partition, read.stat.mzxid)
  }
  return writtenAt
}
