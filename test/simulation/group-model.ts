// A group of consumers that behave like real clients, under a coordinator that moves, a log whose
// followers stop, clocks that jump, and members that die without a word. What must hold whatever
// happens is checked at every step.
import assert from 'node:assert/strict'
import { GroupCoordinator } from '../../src/coordinator/group/group-coordinator.ts'
import type { JoinReply } from '../../src/coordinator/group/group-protocol.ts'
import { DEFAULT_GROUP_SETTINGS } from '../../src/coordinator/group/group-settings.ts'
import { MemoryLog } from '../../src/coordinator/memory-log.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { Seeded } from '../../src/testing/simulated/seeded.ts'
import { SimulatedClock } from '../../src/testing/simulated/simulated-clock.ts'
import { VirtualTime } from '../../src/testing/simulated/virtual-time.ts'
import { Errors } from '../../src/wire/errors.ts'

const GROUP = 'g'
const TOPIC = 't'
const PARTITIONS = 6
const SESSION_MS = 6_000
const REBALANCE_MS = 4_000
const COMMIT_TIMEOUT_MS = 2_000
/** Joins and syncs end with their rebalance; the rest waits for the log at most. */
const LONGEST_WAIT_MS = 2 * REBALANCE_MS + COMMIT_TIMEOUT_MS + 1_000

export class GroupWorld {
  readonly random: Seeded
  readonly clock = new SimulatedClock(new VirtualTime())
  readonly members: ModelMember[] = []
  readonly #log = new MemoryLog()
  /** What a member found wrong. */
  failure: unknown
  /** Nothing goes wrong any more. */
  isPeaceful = false
  #coordinator: GroupCoordinator
  #leaderEpoch = 0
  /** Partition owners by generation, as told by answers to syncs. */
  readonly #owners = new Map<string, string>()
  /** The highest acknowledged offset of each partition. */
  readonly acknowledged: number[] = Array.from({ length: PARTITIONS }, () => 0)
  /** Requests without an answer, and since when. */
  readonly #waiting = new Map<object, number>()

  constructor(seed: number) {
    this.random = new Seeded(seed)
    const count = this.random.between(1, 6)
    for (let index = 0; index < count; index++) {
      this.members.push(new ModelMember(this, `m${index}`, this.random.chance(0.4)))
    }
    this.#coordinator = this.#newCoordinator()
    this.#coordinator.onLeaderElected(0, this.#leaderEpoch)
  }

  get coordinator(): GroupCoordinator {
    return this.#coordinator
  }

  /** One random thing happens. */
  async step(): Promise<void> {
    const { random } = this
    const dice = random.fraction()
    if (dice < 0.5) this.#anyone().act()
    else if (dice < 0.85) await this.clock.advance(random.between(1, 700))
    else if (dice < 0.89) this.#anyone().crash()
    else if (dice < 0.92) this.#log.hold()
    else if (dice < 0.96) this.#log.release()
    else if (dice < 0.97) await this.#failover(random.chance(0.5))
    else if (dice < 0.98) this.clock.jump(random.between(-3_600_000, 3_600_000))
    else if (dice < 0.99) this.#log.refusal = Errors.NOT_ENOUGH_REPLICAS
    else this.#log.refusal = Errors.NONE
    await this.clock.settle()
    this.#checkWaits()
  }

  #anyone(): ModelMember {
    const member = this.members[this.random.between(0, this.members.length - 1)]
    assert(member !== undefined)
    return member
  }

  /** Peace returns: everyone alive must find into a stable group, everyone else be gone from it. */
  async heal(): Promise<void> {
    this.isPeaceful = true
    this.#log.refusal = Errors.NONE
    this.#log.release()
    for (let elapsedMs = 0; elapsedMs < 40_000; elapsedMs += 250) {
      for (const member of this.members) if (member.isAlive) member.act()
      await this.clock.advance(250)
      this.#checkWaits()
    }
    const described = await this.coordinator.describeGroup(GROUP)
    const alive = this.members.filter((member) => member.isAlive)
    assert.deepEqual(
      described.members.map(({ memberId }) => memberId).toSorted(),
      alive.map(({ memberId }) => memberId).toSorted(),
      'the members are those who are alive',
    )
    if (alive.length === 0) return
    assert.equal(described.groupState, 'Stable')
    const owned = alive.flatMap((member) => [...member.owned]).toSorted((a, b) => a - b)
    assert.deepEqual(owned, [...Array(PARTITIONS).keys()], 'every partition has one owner')
  }

  /** A coordinator that only reads the log knows what the live one knows of it. */
  async checkReplay(): Promise<void> {
    const replayed = this.#newCoordinator()
    replayed.onLeaderElected(0, 0)
    await this.clock.settle()
    const question = { groupId: GROUP, topics: null, requireStable: false }
    const live = this.coordinator.fetchOffsets(question)
    assert.deepEqual(await replayed.fetchOffsets(question), await live)
    const liveGroup = await this.coordinator.describeGroup(GROUP)
    const replayedGroup = await replayed.describeGroup(GROUP)
    if (liveGroup.groupState === 'Stable') assert.deepEqual(replayedGroup, liveGroup)
    replayed.close()
  }

  /** Measures how long the answer takes. */
  track<Reply>(reply: Promise<Reply>): Promise<Reply> {
    const token = {}
    this.#waiting.set(token, this.clock.monotonicMs())
    return reply.then((answer) => {
      this.#waiting.delete(token)
      return answer
    })
  }

  onAssigned(generation: number, identity: string, partitions: readonly number[]): void {
    for (const partition of partitions) {
      const key = `${generation}/${partition}`
      const owner = this.#owners.get(key)
      assert(owner === undefined || owner === identity, `${key} has ${owner} and ${identity}`)
      this.#owners.set(key, identity)
    }
  }

  #checkWaits(): void {
    if (this.failure !== undefined) throw this.failure
    const nowMs = this.clock.monotonicMs()
    for (const sinceMs of this.#waiting.values()) {
      assert(nowMs - sinceMs <= LONGEST_WAIT_MS, `no answer for ${nowMs - sinceMs} ms`)
    }
  }

  async #failover(losesUncommitted: boolean): Promise<void> {
    this.#coordinator.onResigned(0)
    if (losesUncommitted) this.#log.truncateToHighWatermark()
    this.#coordinator = this.#newCoordinator()
    this.#coordinator.onLeaderElected(0, ++this.#leaderEpoch)
    // Somebody asks while it loads.
    this.#anyone().act()
    await this.clock.settle()
  }

  #newCoordinator(): GroupCoordinator {
    return new GroupCoordinator({
      platform: { clock: this.clock, random: this.random },
      logger: silentLogger,
      settings: {
        ...DEFAULT_GROUP_SETTINGS,
        initialRebalanceDelayMs: 300,
        commitTimeoutMs: COMMIT_TIMEOUT_MS,
      },
      partitionCount: () => 1,
      openLog: () => this.#log,
    })
  }
}

/** A consumer: joins, syncs, beats, commits what it owns, and starts over when told to. */
export class ModelMember {
  readonly #world: GroupWorld
  readonly name: string
  readonly instanceId: string | null
  memberId = ''
  isAlive = false
  owned = new Set<number>()
  #generation = -1
  #state: 'out' | 'busy' | 'joined' = 'out'
  /** Answers to what an earlier life asked are not heard. */
  #life = 0
  readonly #positions = new Map<number, number>()

  constructor(world: GroupWorld, name: string, isStatic: boolean) {
    this.#world = world
    this.name = name
    this.instanceId = isStatic ? name : null
  }

  /** Does what is next. */
  act(): void {
    if (!this.isAlive) {
      this.isAlive = true
      this.#startOver()
    }
    if (this.#state === 'busy') return
    if (this.#state === 'out') this.#run(this.#join())
    else if (this.#world.random.chance(0.4)) this.#run(this.#commit())
    else if (this.#hasWhim(0.02)) this.#run(this.#leave())
    else this.#run(this.#heartbeat())
  }

  #run(activity: Promise<void>): void {
    activity.catch((error: unknown) => {
      this.#world.failure ??= error
    })
  }

  #hasWhim(probability: number): boolean {
    return !this.#world.isPeaceful && this.#world.random.chance(probability)
  }

  crash(): void {
    if (this.owned.size > 0 && !this.#world.isPeaceful) this.#run(this.#haunt())
    this.isAlive = false
    this.#life++
    this.owned = new Set()
  }

  #startOver(): void {
    this.memberId = ''
    this.#rejoin()
  }

  #rejoin(): void {
    this.#state = 'out'
    this.owned = new Set()
  }

  get #identity() {
    return {
      groupId: GROUP,
      memberId: this.memberId,
      groupInstanceId: this.instanceId,
      generationId: this.#generation,
    }
  }

  /** The answer, or undefined when it is not for this life any more. */
  async #ask<Reply>(reply: Promise<Reply>): Promise<Reply | undefined> {
    const life = this.#life
    this.#state = 'busy'
    const answer = await this.#world.track(reply)
    return life === this.#life ? answer : undefined
  }

  async #join(): Promise<void> {
    const joined = await this.#ask(
      this.#world.coordinator.joinGroup(
        {
          ...this.#identity,
          sessionTimeoutMs: SESSION_MS,
          rebalanceTimeoutMs: REBALANCE_MS,
          protocolType: 'consumer',
          protocols: [{ name: 'range', metadata: Buffer.from(this.name) }],
        },
        {
          clientId: this.name,
          clientHost: '/1',
          requireKnownMemberId: this.instanceId === null,
          supportsSkippingAssignment: true,
        },
      ),
    )
    if (joined === undefined) return
    if (joined.errorCode === Errors.MEMBER_ID_REQUIRED) {
      this.memberId = joined.memberId
      this.#state = 'out'
    } else if (joined.errorCode === 0) {
      this.memberId = joined.memberId
      this.#generation = joined.generationId
      await this.#sync(joined)
    } else {
      this.#refused(joined.errorCode)
    }
  }

  async #sync(joined: JoinReply): Promise<void> {
    const isLeader = joined.leader === this.memberId && !joined.skipAssignment
    // Now and then a member dies, or dawdles, between join and sync.
    const life = this.#life
    if (this.#hasWhim(0.1)) await this.#dawdle()
    if (life !== this.#life) return
    const synced = await this.#ask(
      this.#world.coordinator.syncGroup({
        ...this.#identity,
        protocolType: null,
        protocolName: null,
        assignments: isLeader ? assign(joined.members.map(({ memberId }) => memberId)) : [],
      }),
    )
    if (synced === undefined) return
    if (synced.errorCode !== 0) {
      this.#refused(synced.errorCode)
      return
    }
    const partitions = [...synced.assignment]
    this.#world.onAssigned(this.#generation, this.instanceId ?? this.memberId, partitions)
    this.owned = new Set(partitions)
    await this.#readPositions(partitions)
  }

  #dawdle(): Promise<void> {
    const { clock, random } = this.#world
    return new Promise((resolve) => {
      clock.setTimer(random.between(100, 2 * REBALANCE_MS), resolve)
    })
  }

  async #readPositions(partitionIndexes: readonly number[]): Promise<void> {
    const known = [...this.#world.acknowledged]
    const topics = [{ name: TOPIC, partitionIndexes }]
    const question = { groupId: GROUP, topics, requireStable: true }
    const fetched = await this.#ask(this.#world.coordinator.fetchOffsets(question))
    if (fetched === undefined) return
    if (fetched.errorCode !== 0) {
      this.#rejoin()
      return
    }
    for (const { partitionIndex, committedOffset } of fetched.topics[0]?.partitions ?? []) {
      const least = known[partitionIndex] ?? 0
      assert(Math.max(committedOffset, 0) >= least, `${committedOffset} after ${least}`)
      this.#positions.set(partitionIndex, Math.max(committedOffset, 0))
    }
    this.#state = 'joined'
  }

  async #commit(): Promise<void> {
    const offsets = this.#nextOffsets()
    const topics = [{ name: TOPIC, partitions: offsets }]
    const committed = await this.#ask(
      this.#world.coordinator.commitOffsets({ ...this.#identity, topics }),
    )
    if (committed === undefined) return
    this.#state = 'joined'
    for (const { partitionIndex, errorCode } of committed.topics[0]?.partitions ?? []) {
      const offset = offsets.find((one) => one.partitionIndex === partitionIndex)?.committedOffset
      if (errorCode === 0 && offset !== undefined) {
        this.#positions.set(partitionIndex, offset)
        this.#world.acknowledged[partitionIndex] = offset
      } else {
        this.#refused(errorCode)
      }
    }
  }

  #nextOffsets() {
    return [...this.owned].map((partitionIndex) => ({
      partitionIndex,
      committedOffset: (this.#positions.get(partitionIndex) ?? 0) + 1,
      committedLeaderEpoch: -1,
      committedMetadata: null,
    }))
  }

  /** What the dead had sent arrives late: it must not undo what others did since. */
  async #haunt(): Promise<void> {
    const { coordinator, acknowledged } = this.#world
    const offsets = this.#nextOffsets()
    const request = { ...this.#identity, topics: [{ name: TOPIC, partitions: offsets }] }
    await this.#dawdle()
    const committed = await coordinator.commitOffsets(request)
    for (const { partitionIndex, errorCode } of committed.topics[0]?.partitions ?? []) {
      const offset = offsets.find((one) => one.partitionIndex === partitionIndex)?.committedOffset
      if (errorCode !== 0 || offset === undefined) continue
      assert(offset >= (acknowledged[partitionIndex] ?? 0), `${this.name} came back`)
    }
  }

  async #heartbeat(): Promise<void> {
    const beat = await this.#ask(this.#world.coordinator.heartbeat(this.#identity))
    if (beat === undefined) return
    this.#state = 'joined'
    if (beat.errorCode !== 0) this.#refused(beat.errorCode)
  }

  async #leave(): Promise<void> {
    const left = await this.#ask(
      this.#world.coordinator.leaveGroup({ groupId: GROUP, members: [this.#identity] }),
    )
    if (left === undefined) return
    if (left.errorCode === 0) this.crash()
    else this.#state = 'joined'
  }

  #refused(errorCode: number): void {
    switch (errorCode) {
      case Errors.UNKNOWN_MEMBER_ID:
      case Errors.FENCED_INSTANCE_ID:
        this.#startOver()
        break
      case Errors.ILLEGAL_GENERATION:
      case Errors.REBALANCE_IN_PROGRESS:
        this.#rejoin()
        break
      case Errors.COORDINATOR_NOT_AVAILABLE:
      case Errors.COORDINATOR_LOAD_IN_PROGRESS:
      case Errors.NOT_COORDINATOR:
        this.#state = this.owned.size > 0 ? 'joined' : 'out'
        break
      default:
        assert.fail(`no client expects error ${errorCode} here`)
    }
  }
}

/** A byte for each partition. */
function assign(memberIds: readonly string[]) {
  const partitions = [...Array(PARTITIONS).keys()]
  return memberIds.map((memberId, index) => ({
    memberId,
    assignment: Buffer.from(partitions.filter((one) => one % memberIds.length === index)),
  }))
}
