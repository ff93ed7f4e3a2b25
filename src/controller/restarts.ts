// A broker that comes back within the session of its killed predecessor may have done so while no
// controller was looking. Whoever registered after a partition's state was last written was started
// anew since: its log may have lost what was not on disk. As long as another member of the in-sync
// set has not been restarted, that one leads and the restarted ones leave the set, as if the
// controller had seen it happen; they join again once they have caught up.
import type { ControllerContext, Leadership, Partition } from './context.ts'
import type { NextLeadership } from './leadership-plans.ts'
import { writeLeaderships } from './leadership-writes.ts'
import type { Term } from './term.ts'

/** `writtenAt`: the zxid of the last write of each partition's state. */
export async function settleRestarts(
  term: Term,
  writtenAt: ReadonlyMap<Partition, number>,
): Promise<void> {
  const { context, logger } = term
  const concerned = [...writtenAt.keys()].filter((partition) => {
    const { leadership } = partition
    return leadership !== undefined && plan(context, partition, leadership, writtenAt) !== undefined
  })
  if (concerned.length === 0) return
  logger.info(`${concerned.length} partitions have replicas that were restarted unseen`)
  await writeLeaderships(term, concerned, (partition, leadership) =>
    plan(context, partition, leadership, writtenAt),
  )
}

function plan(
  context: ControllerContext,
  partition: Partition,
  leadership: Leadership,
  writtenAt: ReadonlyMap<Partition, number>,
): NextLeadership | undefined {
  const zxid = writtenAt.get(partition) ?? Number.POSITIVE_INFINITY
  const isRestarted = (id: number): boolean => (context.brokers.get(id)?.epoch ?? -1) > zxid
  const isr = leadership.isr.filter((id) => !isRestarted(id))
  if (isr.length === leadership.isr.length) return undefined
  const leader = isRestarted(leadership.leader)
    ? partition.assignment.replicas.find(
        (id) => isr.includes(id) && context.isReplicaOnline(id, partition),
      )
    : leadership.leader
  if (leader === undefined || !isr.includes(leader)) return undefined
  return {
    leader,
    leaderEpoch: leadership.leaderEpoch + 1,
    isr,
    leaderRecoveryState: leadership.leaderRecoveryState,
    controllerEpoch: context.epoch,
  }
}
