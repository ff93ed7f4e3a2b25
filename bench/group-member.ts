// A member of a consumer group as small as one can be: it joins, assigns if it leads, sends
// heartbeats and joins again when told to. Cooperative (KIP-429): it says what it owns, and gives
// partitions up in one rebalance before another member gets them in the next.
import { JoinGroup, type JoinGroupResponse } from '../src/wire/messages/11-join-group.ts'
import { Heartbeat } from '../src/wire/messages/12-heartbeat.ts'
import { LeaveGroup } from '../src/wire/messages/13-leave-group.ts'
import { SyncGroup } from '../src/wire/messages/14-sync-group.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../src/wire/messages/consumer-protocol.ts'
import { Errors } from '../src/wire/errors.ts'
import { call } from './cluster-calls.ts'
import { RawConnection } from './raw-connection.ts'

const PROTOCOL_TYPE = 'consumer'
const PROTOCOL = 'cooperative-sticky'
const JOIN_VERSION = 9
const SYNC_VERSION = 5
const HEARTBEAT_VERSION = 4
const LEAVE_VERSION = 5

export interface GroupShape {
  readonly port: number
  readonly groupId: string
  readonly topic: string
  readonly partitions: number
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  /** Called when a member joins, at first or again. */
  readonly onJoin: () => void
  /** Called when a member has got its assignment and has nothing to give up. */
  readonly onSettled: () => void
}

export class GroupMember {
  readonly #shape: GroupShape
  readonly #connection: RawConnection
  #memberId = ''
  #generation = -1
  #timer: NodeJS.Timeout | undefined
  #isGone = false
  owned: readonly number[] = []
  isSettled = false

  private constructor(shape: GroupShape, connection: RawConnection) {
    this.#shape = shape
    this.#connection = connection
  }

  static async open(shape: GroupShape): Promise<GroupMember> {
    return new GroupMember(shape, await RawConnection.open(shape.port))
  }

  get generation(): number {
    return this.#generation
  }

  async join(): Promise<void> {
    const { groupId, topic, sessionTimeoutMs } = this.#shape
    this.isSettled = false
    this.#shape.onJoin()
    const joined = await call(this.#connection, JoinGroup, JOIN_VERSION, {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs: 60_000,
      memberId: this.#memberId,
      groupInstanceId: null,
      protocolType: PROTOCOL_TYPE,
      protocols: [{ name: PROTOCOL, metadata: subscription(topic, this.owned) }],
      reason: null,
    })
    if (this.#isGone) return
    this.#memberId = joined.memberId
    if (joined.errorCode === Errors.MEMBER_ID_REQUIRED) return this.join()
    check('JoinGroup', joined.errorCode)
    await this.#sync(joined)
  }

  async leave(): Promise<void> {
    this.#end()
    await call(this.#connection, LeaveGroup, LEAVE_VERSION, {
      groupId: this.#shape.groupId,
      members: [{ memberId: this.#memberId, groupInstanceId: null, reason: null }],
    })
    this.#connection.close()
  }

  /** Gone without a word. */
  die(): void {
    this.#end()
    this.#connection.close()
  }

  #end(): void {
    this.#isGone = true
    clearTimeout(this.#timer)
  }

  async #sync({ generationId, leader, members }: JoinGroupResponse): Promise<void> {
    const assignments = leader === this.#memberId ? this.#assign(members) : []
    const answer = await call(this.#connection, SyncGroup, SYNC_VERSION, {
      groupId: this.#shape.groupId,
      generationId,
      memberId: this.#memberId,
      groupInstanceId: null,
      protocolType: PROTOCOL_TYPE,
      protocolName: PROTOCOL,
      assignments,
    })
    if (this.#isGone) return
    if (answer.errorCode === Errors.REBALANCE_IN_PROGRESS) return this.join()
    check('SyncGroup', answer.errorCode)
    this.#generation = generationId
    const assigned = readPartitions(answer.assignment)
    const mustRevoke = this.owned.some((partition) => !assigned.includes(partition))
    this.owned = assigned
    if (mustRevoke) return this.join()
    this.isSettled = true
    this.#beatLater()
    this.#shape.onSettled()
  }

  #beatLater(): void {
    this.#timer = setTimeout(() => void this.#beat(), this.#shape.heartbeatMs)
  }

  async #beat(): Promise<void> {
    const { errorCode } = await call(this.#connection, Heartbeat, HEARTBEAT_VERSION, {
      groupId: this.#shape.groupId,
      generationId: this.#generation,
      memberId: this.#memberId,
      groupInstanceId: null,
    })
    if (this.#isGone) return
    if (errorCode === Errors.REBALANCE_IN_PROGRESS) return this.join()
    check('Heartbeat', errorCode)
    this.#beatLater()
  }

  #assign(members: JoinGroupResponse['members']) {
    const owners = members.map(({ memberId, metadata }) => ({
      memberId,
      owned: readOwned(metadata),
    }))
    return [...spread(owners, this.#shape.partitions)].map(([memberId, partitions]) => ({
      memberId,
      assignment: assignment(this.#shape.topic, partitions),
    }))
  }
}

interface Owner {
  readonly memberId: string
  readonly owned: readonly number[]
}

/** Each keeps what it owns up to its share; what nobody owns goes to those with less. */
function spread(owners: readonly Owner[], partitions: number): Map<string, number[]> {
  const share = Math.ceil(partitions / owners.length)
  const free = new Set(Array.from({ length: partitions }, (_, index) => index))
  const given = new Map<string, number[]>()
  for (const { memberId, owned } of owners) {
    given.set(memberId, owned.slice(0, share))
    for (const partition of owned) free.delete(partition)
  }
  for (const partition of free) {
    const least = [...given.values()].reduce((a, b) => (b.length < a.length ? b : a))
    least.push(partition)
  }
  return given
}

/** Version 1 is the first in which members say what they own. */
const SUBSCRIPTION_VERSION = 1

function subscription(topic: string, partitions: readonly number[]): Buffer {
  return ConsumerProtocolSubscription.encodeVersioned(SUBSCRIPTION_VERSION, {
    topics: [topic],
    userData: null,
    ownedPartitions: [{ topic, partitions }],
    rackId: null,
  })
}

function readOwned(metadata: Buffer): readonly number[] {
  const { value } = ConsumerProtocolSubscription.decodeVersioned(metadata)
  return value.ownedPartitions[0]?.partitions ?? []
}

function assignment(topic: string, partitions: readonly number[]): Buffer {
  return ConsumerProtocolAssignment.encodeVersioned(0, {
    assignedPartitions: [{ topic, partitions }],
    userData: null,
  })
}

function readPartitions(bytes: Buffer): readonly number[] {
  if (bytes.length === 0) return []
  const { value } = ConsumerProtocolAssignment.decodeVersioned(bytes)
  return value.assignedPartitions[0]?.partitions ?? []
}

function check(api: string, errorCode: number): void {
  if (errorCode !== 0) throw new Error(`${api} was answered with error ${errorCode}`)
}
