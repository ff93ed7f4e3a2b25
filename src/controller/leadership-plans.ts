// What a partition's state becomes: pure functions from what is known to what is to be written.
import { NO_LEADER } from '../metadata/cluster-image.ts'
import { encodeState } from '../metadata/znodes.ts'
import type { StateNode } from '../metadata/znodes.ts'
import { without } from './context.ts'
import type { ControllerContext, Leadership, Partition } from './context.ts'
import { chooseLeader } from './leader-choice.ts'
import type { ElectionStrategy } from './leader-choice.ts'

const RECOVERED = 0
const RECOVERING = 1

/** A leadership before it is written; the partition epoch is ZooKeeper's to give. */
export type NextLeadership = Omit<Leadership, 'partitionEpoch'>

export function stateBytes(next: NextLeadership): Buffer {
  const node: StateNode = next
  return encodeState(node)
}

/** The first leadership: all live replicas are in sync. Undefined when none lives. */
export function planFirstLeadership(
  context: ControllerContext,
  partition: Partition,
): NextLeadership | undefined {
  const isr = context.onlineReplicas(partition)
  const [leader] = isr
  if (leader === undefined) return undefined
  return {
    leader,
    leaderEpoch: 0,
    isr,
    leaderRecoveryState: RECOVERED,
    controllerEpoch: context.epoch,
  }
}

/** What the election of another leader writes, or undefined when nobody may lead. */
export function planElection(
  context: ControllerContext,
  partition: Partition,
  leadership: Leadership,
  strategy: ElectionStrategy,
): NextLeadership | undefined {
  const evenShuttingDown = strategy.kind === 'controlledShutdown'
  const choice = chooseLeader(strategy, {
    replicas: partition.assignment.replicas,
    targetReplicas: partition.targetReplicas,
    isr: leadership.isr,
    online: partition.assignment.replicas.filter((id) =>
      context.isReplicaOnline(id, partition, evenShuttingDown),
    ),
    shuttingDown: context.leaving,
  })
  if (choice === undefined) return undefined
  return {
    leader: choice.leader,
    leaderEpoch: leadership.leaderEpoch + 1,
    isr: choice.isr,
    leaderRecoveryState: choice.unclean ? RECOVERING : leadership.leaderRecoveryState,
    controllerEpoch: context.epoch,
  }
}

/**
 * Without the replica in the in-sync set, of which the last member always stays; without a leader
 * when it led. Undefined when the replica was not in the set.
 */
export function planRemovalFromIsr(
  context: ControllerContext,
  leadership: Leadership,
  brokerId: number,
): NextLeadership | undefined {
  const isLast = leadership.isr.length === 1
  if (!leadership.isr.includes(brokerId)) return undefined
  if (isLast && leadership.leader === NO_LEADER) return undefined
  return {
    leader: leadership.leader === brokerId ? NO_LEADER : leadership.leader,
    leaderEpoch: leadership.leaderEpoch + 1,
    isr: isLast ? leadership.isr : without(leadership.isr, [brokerId]),
    leaderRecoveryState: leadership.leaderRecoveryState,
    controllerEpoch: context.epoch,
  }
}

/** The same leader in a new epoch, so that all replicas take in the new assignment. */
export function planEpochBump(context: ControllerContext, leadership: Leadership): NextLeadership {
  return {
    leader: leadership.leader,
    leaderEpoch: leadership.leaderEpoch + 1,
    isr: leadership.isr,
    leaderRecoveryState: leadership.leaderRecoveryState,
    controllerEpoch: context.epoch,
  }
}
