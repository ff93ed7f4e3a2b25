// A random walk of a cluster of controllers: topics come and go, brokers are killed, restarted and
// cut off from the controller, replicas move, sessions expire. Watched all the while:
//   - a partition's leader epoch and partition epoch never go back, and an epoch has one leader;
//   - a leader is in its in-sync set, and an in-sync set is never empty and within the assignment;
//   - no election goes outside the in-sync set: nobody has allowed it.
// At the end everything is healed, and all that was begun must come to its end.
import assert from 'node:assert/strict'
import { decodeState, decodeTopic } from '../../src/metadata/znodes.ts'
import type { StateNode } from '../../src/metadata/znodes.ts'
import { Seeded } from '../../src/testing/simulated/seeded.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { ControllerWorld, SESSION_TIMEOUT_MS } from './controller-world.ts'

const BROKERS = 4
const STEPS = 40
const FIRST_SESSION_MS = SESSION_TIMEOUT_MS * 2

interface Seen extends StateNode {
  readonly version: number
  readonly replicas: readonly number[]
  /** The topic's id: a topic made anew begins anew. */
  readonly id: string
}

export class ControllerWalk {
  readonly log: string[] = []
  readonly #world: ControllerWorld
  readonly #random: Seeded
  readonly #down = new Set<number>()
  #seen = new Map<string, Seen>()
  #topicCount = 0

  private constructor(world: ControllerWorld, seed: number) {
    this.#world = world
    this.#random = new Seeded(seed)
  }

  /** Walks and heals; throws where something does not hold. */
  static async run(seed: number): Promise<ControllerWalk> {
    const world = await ControllerWorld.create(seed)
    world.settings = { ...world.settings, fastFailoverEnable: seed % 2 === 0 }
    for (let id = 1; id <= BROKERS; id += 1) await world.start(id)
    const walk = new ControllerWalk(world, seed)
    try {
      for (let step = 0; step < STEPS; step += 1) await walk.#step()
      await walk.#heal()
    } catch (error) {
      throw new Error(`seed ${seed}:\n${walk.log.join('\n')}`, { cause: error })
    }
    await world.close()
    return walk
  }

  async #step(): Promise<void> {
    const actions = [
      () => this.#create(),
      () => this.#create(),
      () => this.#delete(),
      () => this.#crash(),
      () => this.#start(),
      () => this.#start(),
      () => this.#restart(),
      () => this.#changeIsr(false),
      () => this.#changeIsr(true),
      () => this.#changeIsr(true),
      () => this.#reassign(),
      () => this.#elect(),
      () => this.#addPartitions(),
      () => this.#toggleCut(),
      () => this.#loseConnection(),
      () => this.#loseConnection(),
      () => this.#pass(100 + this.#below(1500)),
      () => this.#pass(FIRST_SESSION_MS),
    ]
    await this.#pick(actions)?.()
    await this.#world.settle()
    await this.#check()
  }

  #below(limit: number): number {
    return this.#random.uint32() % limit
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#below(Math.max(1, from.length))]
  }

  get #up(): number[] {
    return [...this.#world.brokers.keys()]
  }

  async #create(): Promise<void> {
    const { active } = this.#world
    if (active === undefined) return
    this.#topicCount += 1
    const name = `t${this.#topicCount}`
    this.log.push(`create ${name}`)
    const topic = {
      name,
      numPartitions: 1 + this.#below(3),
      replicationFactor: 1 + this.#below(3),
      assignments: [],
      configs: [],
    }
    await active.controller.createTopics({ topics: [topic], timeoutMs: 0, validateOnly: false })
  }

  async #delete(): Promise<void> {
    const [name] = this.#pick([...this.#seen.keys()])?.split('-') ?? []
    if (name === undefined) return
    this.log.push(`delete ${name}`)
    await this.#world.active?.controller.deleteTopics([{ name, topicId: ZERO_UUID }], 0)
  }

  async #addPartitions(): Promise<void> {
    const [name] = this.#pick([...this.#seen.keys()])?.split('-') ?? []
    if (name === undefined) return
    this.log.push(`add partitions to ${name}`)
    const topics = [{ name, count: 4, assignments: null }]
    const request = { topics, timeoutMs: 0, validateOnly: false }
    await this.#world.active?.controller.createPartitions(request)
  }

  async #crash(): Promise<void> {
    const id = this.#pick(this.#up)
    if (id === undefined || this.#up.length <= 1) return
    this.log.push(`crash ${id}`)
    this.#world.broker(id).crash()
    this.#down.add(id)
  }

  // A registration of the old session refuses the new process: then its session has to end first.
  async #start(): Promise<void> {
    const id = this.#pick([...this.#down])
    if (id === undefined) return
    if ((await this.#world.zookeeper.exists(`/brokers/ids/${id}`)) !== undefined) return
    this.log.push(`start ${id}`)
    this.#down.delete(id)
    await this.#world.start(id)
  }

  async #restart(): Promise<void> {
    const id = this.#pick(this.#up)
    if (id === undefined) return
    this.log.push(`restart ${id}`)
    await this.#world.restart(id)
  }

  async #toggleCut(): Promise<void> {
    const id = this.#pick(this.#up)
    if (id === undefined) return
    const broker = this.#world.broker(id)
    broker.isCutOff = !broker.isCutOff
    this.log.push(`${broker.isCutOff ? 'cut' : 'heal'} ${id}`)
  }

  // In the middle of what the controller does: some of its writes have happened, some have not, and
  // it does not know which.
  async #loseConnection(): Promise<void> {
    const broker = this.#world.active ?? this.#world.brokers.get(this.#pick(this.#up) ?? 0)
    if (broker === undefined) return
    this.log.push(`lose the connection of ${broker.id}`)
    const work = this.#pick([
      () => this.#create(),
      () => this.#delete(),
      () => this.#reassign(),
      () => this.#changeIsr(true),
      () => this.#crash(),
    ])
    broker.connection.deafenAfter(this.#below(12))
    const pending = work?.()
    await this.#world.settle()
    broker.connection.lose()
    await this.#world.advance(3000)
    await pending
  }

  async #pass(spanMs: number): Promise<void> {
    this.log.push(`advance ${spanMs}`)
    await this.#world.advance(spanMs)
  }

  async #elect(): Promise<void> {
    this.log.push('elect preferred')
    const request = { electionType: 0, topicPartitions: null, timeoutMs: 0 }
    await this.#world.active?.controller.electLeaders(request)
  }

  async #reassign(): Promise<void> {
    const name = this.#pick([...this.#seen.keys()])
    if (name === undefined) return
    const [topic = '', partition] = name.split('-')
    const brokers = this.#up.filter(() => this.#below(3) > 0)
    const isCancelled = this.#below(4) === 0
    this.log.push(`reassign ${name} to ${isCancelled ? 'what it was' : brokers.join()}`)
    const replicas = isCancelled ? null : brokers
    const partitions = [{ partitionIndex: Number(partition), replicas }]
    const request = { timeoutMs: 0, topics: [{ name: topic, partitions }] }
    await this.#world.active?.controller.alterPartitionReassignments(request)
  }

  // What a leader would ask for: without a follower, or with all that live.
  async #changeIsr(isGrown: boolean): Promise<void> {
    const name = this.#pick([...this.#seen.keys()])
    if (name !== undefined) await this.#alter(name, isGrown)
  }

  async #alter(name: string, isGrown: boolean): Promise<void> {
    const state = this.#seen.get(name)
    const leader = this.#world.brokers.get(state?.leader ?? -1)
    if (state === undefined || leader === undefined) return
    const others = state.replicas.filter((id) => id !== leader.id)
    const kept = others.filter((id) => {
      return isGrown ? this.#world.brokers.has(id) : state.isr.includes(id) && this.#below(2) > 0
    })
    const isr = [leader.id, ...kept]
    this.log.push(`in sync for ${name}: ${isr.join()}`)
    const [topicName = '', partition] = name.split('-')
    const asked = {
      partitionIndex: Number(partition),
      leaderEpoch: state.leaderEpoch,
      newIsr: [],
      newIsrWithEpochs: isr.map((brokerId) => {
        return { brokerId, brokerEpoch: this.#world.brokers.get(brokerId)?.epoch ?? -1 }
      }),
      leaderRecoveryState: 0,
      partitionEpoch: state.version,
    }
    const topics = [{ topicName, topicId: state.id, partitions: [asked] }]
    const request = { brokerId: leader.id, brokerEpoch: leader.epoch, topics }
    await this.#world.active?.controller.alterPartition(request, 3)
  }

  async #check(): Promise<void> {
    const now = await this.#read()
    for (const [name, state] of now) {
      const before = this.#seen.get(name)
      assert.ok(state.isr.length > 0, `${name} has nobody in sync`)
      assert.equal(state.leaderRecoveryState, 0, `${name}: an unclean election`)
      if (state.leader >= 0)
        assert.ok(state.isr.includes(state.leader), `${name}: leader not in sync`)
      for (const id of state.isr)
        assert.ok(state.replicas.includes(id), `${name}: ${id} not assigned`)
      if (before === undefined || before.id !== state.id) continue
      checkProgress(name, before, state)
    }
    this.#seen = now
  }

  async #read(): Promise<Map<string, Seen>> {
    const { zookeeper } = this.#world
    const found = new Map<string, Seen>()
    for (const topic of await zookeeper.children('/brokers/topics')) {
      const node = decodeTopic((await zookeeper.get(`/brokers/topics/${topic}`)).data)
      for (const [index, { replicas }] of node?.partitions ?? []) {
        const path = `/brokers/topics/${topic}/partitions/${index}/state`
        if ((await zookeeper.exists(path)) === undefined) continue
        const { data, stat } = await zookeeper.get(path)
        const state = decodeState(data)
        assert(state !== undefined)
        const id = node?.id ?? ZERO_UUID
        found.set(`${topic}-${index}`, { ...state, version: stat.version, replicas, id })
      }
    }
    return found
  }

  // All brokers up, all leaders ask for full in-sync sets, until nothing changes any more.
  async #heal(): Promise<void> {
    this.log.push('heal')
    for (const broker of this.#world.brokers.values()) broker.isCutOff = false
    await this.#pass(FIRST_SESSION_MS)
    for (const id of this.#down) await this.#world.start(id)
    await this.#pass(2000)
    for (let round = 0; round < 4; round += 1) {
      await this.#check()
      for (const name of this.#seen.keys()) await this.#alter(name, true)
      await this.#pass(2000)
    }
    await this.#check()
    await this.#checkHealed()
  }

  async #checkHealed(): Promise<void> {
    const { zookeeper, controller } = this.#world
    assert.deepEqual(await zookeeper.children('/admin/delete_topics'), [], 'deletions are left')
    const request = { timeoutMs: 0, topics: null }
    const { topics } = await controller.listPartitionReassignments(request)
    assert.deepEqual(topics, [], 'reassignments are left')
    for (const [name, state] of this.#seen) {
      assert.ok(state.leader > 0, `${name} has no leader`)
      assert.equal(state.isr.length, state.replicas.length, `${name} is not fully in sync`)
    }
    for (const broker of this.#world.brokers.values()) this.#checkMetadata(broker.id)
  }

  #checkMetadata(brokerId: number): void {
    const { image } = this.#world.broker(brokerId).metadata
    const shown = [...image.topics.values()].flatMap(({ name, partitions }) => {
      return [...partitions].map(([index, it]) => {
        return `${name}-${index} ${it.leader} ${it.leaderEpoch} ${it.partitionEpoch} ${it.isr.join()}`
      })
    })
    const wanted = [...this.#seen].map(([name, it]) => {
      return `${name} ${it.leader} ${it.leaderEpoch} ${it.version} ${it.isr.join()}`
    })
    assert.deepEqual(shown.toSorted(), wanted.toSorted(), `the metadata of broker ${brokerId}`)
    assert.equal(image.brokers.size, BROKERS)
    assert.equal(image.controllerId, this.#world.active?.id)
  }
}

function checkProgress(name: string, before: Seen, after: Seen): void {
  assert.ok(after.version >= before.version, `${name}: the partition epoch went back`)
  assert.ok(after.leaderEpoch >= before.leaderEpoch, `${name}: the leader epoch went back`)
  if (after.leaderEpoch === before.leaderEpoch) {
    assert.equal(after.leader, before.leader, `${name}: two leaders in one epoch`)
  }
}
