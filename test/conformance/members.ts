// A member of a group, request by request, with all that a test does not care about filled in.
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { JoinGroup } from '../../src/wire/messages/11-join-group.ts'
import { Heartbeat } from '../../src/wire/messages/12-heartbeat.ts'
import { SyncGroup } from '../../src/wire/messages/14-sync-group.ts'
import { DescribeGroups } from '../../src/wire/messages/15-describe-groups.ts'
import { until } from '../support/until.ts'
import { ask, assertHas } from './targets.ts'

/** The first question creates the topic of the groups. */
export function untilCoordinated(): Promise<void> {
  return until(async () => {
    const { coordinators } = await ask(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['x'] })
    return coordinators[0]?.errorCode === 0
  }, 'a coordinator')
}

/** A consumer's subscription to the topic `alpha`. */
export const METADATA = Buffer.from('AAEAAAABAAVhbHBoYf////8AAAAA', 'base64')

export interface Joining {
  readonly version?: number
  readonly memberId?: string
  readonly instanceId?: string | null
  readonly protocols?: readonly string[]
  /** Of every protocol; a subscription to `alpha` unless told. */
  readonly metadata?: Buffer
  readonly protocolType?: string
  readonly sessionTimeoutMs?: number
  readonly rebalanceTimeoutMs?: number
}

export function join(groupId: string, joining: Joining = {}) {
  const { version = 9, protocols = ['range'] } = joining
  return ask(JoinGroup, version, {
    groupId,
    sessionTimeoutMs: joining.sessionTimeoutMs ?? 10_000,
    rebalanceTimeoutMs: joining.rebalanceTimeoutMs ?? 3_000,
    memberId: joining.memberId ?? '',
    groupInstanceId: joining.instanceId ?? null,
    protocolType: joining.protocolType ?? 'consumer',
    protocols: protocols.map((name) => ({ name, metadata: joining.metadata ?? METADATA })),
    reason: null,
  })
}

/** Joins with the id that the group gives to a newcomer. */
export async function enter(groupId: string, joining: Joining = {}) {
  const { memberId } = await join(groupId, joining)
  return join(groupId, { ...joining, memberId })
}

interface Syncing {
  readonly version?: number
  readonly protocolName?: string
  readonly protocolType?: string
  readonly instanceId?: string
  readonly assignments?: { readonly memberId: string; readonly assignment: Buffer }[]
}

export function sync(
  groupId: string,
  memberId: string,
  generationId: number,
  syncing: Syncing = {},
) {
  return ask(SyncGroup, syncing.version ?? 5, {
    groupId,
    generationId,
    memberId,
    groupInstanceId: syncing.instanceId ?? null,
    protocolType: syncing.protocolType ?? 'consumer',
    protocolName: syncing.protocolName ?? 'range',
    assignments: syncing.assignments ?? [{ memberId, assignment: Buffer.from('all') }],
  })
}

/** A member alone in its group, with an assignment. */
export async function settle(groupId: string, joining: Joining = {}) {
  const { memberId, generationId } = await enter(groupId, joining)
  assertHas(await sync(groupId, memberId, generationId), { errorCode: 0 })
  return { memberId, generationId }
}

export async function beat(
  groupId: string,
  memberId: string,
  generationId: number,
  instanceId?: string,
) {
  const groupInstanceId = instanceId ?? null
  const request = { groupId, memberId, generationId, groupInstanceId }
  return (await ask(Heartbeat, 4, request)).errorCode
}

export async function describe(groupId: string) {
  const { groups } = await ask(DescribeGroups, 5, {
    groups: [groupId],
    includeAuthorizedOperations: false,
  })
  return groups[0]
}
