// The partition state machine: nonExistent → new → online ⇄ offline → nonExistent. Whoever becomes
// online has a leader in ZooKeeper, then in memory, then at its replicas.
import { NO_LEADER } from '../metadata/cluster-image.ts'
import {
  partitionPath,
  partitionsPath,
  statePath,
  topicConfigPath,
} from '../metadata/znode-paths.ts'
import { decodeConfig } from '../metadata/znodes.ts'
import { ZooKeeperCode } from '../zookeeper/errors.ts'
import type { Partition } from './context.ts'
import type { Unit } from './guarded-store.ts'
import type { ElectionStrategy } from './leader-choice.ts'
import { planElection, planFirstLeadership, stateBytes } from './leadership-plans.ts'
import type { NextLeadership } from './leadership-plans.ts'
import { readLeaderships, writeLeaderships } from './leadership-writes.ts'
import type { RequestBatch } from './request-batch.ts'
import type { Term } from './term.ts'

export const AFTER_LOSS: ElectionStrategy = { kind: 'offline', allowUnclean: false }
const UNCLEAN_AFTER_LOSS: ElectionStrategy = { kind: 'offline', allowUnclean: true }
/** The setting, of a topic or a broker, that lets records be lost rather than wait. */
export const UNCLEAN_ELECTION = 'unclean.leader.election.enable'

export class PartitionStates {
  readonly #term: Term

  constructor(term: Term) {
    this.#term = term
  }

  /** At the start of a term: those with a live leader are online, with a dead one offline. */
  initialize(): void {
    const { context } = this.#term
    for (const partition of context.allPartitions()) {
      const { leadership } = partition
      if (leadership === undefined) context.setPartitionPhase(partition, 'new')
      else {
        const isAlive = context.isReplicaOnline(leadership.leader, partition)
        context.setPartitionPhase(partition, isAlive ? 'online' : 'offline')
      }
    }
  }

  /** Tries to find leaders for all that have none, save those that are being deleted. */
  async electLeaderless(): Promise<void> {
    const { context } = this.#term
    const partitions = [...context.leaderless].filter(
      ({ topic }) => !context.isBeingDeleted(topic.name),
    )
    await this.toOnline(partitions, AFTER_LOSS)
  }

  toNew(partitions: Iterable<Partition>): void {
    for (const partition of partitions) this.#term.context.setPartitionPhase(partition, 'new')
  }

  toOffline(partitions: Iterable<Partition>): void {
    for (const partition of partitions) this.#term.context.setPartitionPhase(partition, 'offline')
  }

  toNonExistent(partitions: Iterable<Partition>): void {
    for (const partition of partitions) {
      this.#term.context.setPartitionPhase(partition, 'nonExistent')
    }
  }

  /** Gives each a leader; the result holds those that got one. */
  async toOnline(
    partitions: Iterable<Partition>,
    strategy: ElectionStrategy,
  ): Promise<ReadonlySet<Partition>> {
    const batch = this.#term.batch()
    const byPhase = Map.groupBy(partitions, ({ phase }) => (phase === 'new' ? 'new' : 'known'))
    const elected = new Set([
      ...(await this.#initializeLeaders(byPhase.get('new') ?? [], batch)),
      ...(await this.#elect(byPhase.get('known') ?? [], strategy, batch)),
    ])
    for (const partition of elected) this.#term.context.setPartitionPhase(partition, 'online')
    this.#term.send(batch)
    return elected
  }

  async #elect(
    partitions: readonly Partition[],
    strategy: ElectionStrategy,
    batch: RequestBatch,
  ): Promise<Partition[]> {
    if (partitions.length === 0) return []
    const { context, logger, statistics } = this.#term
    const unclean = await this.#uncleanAllowed(partitions, strategy)
    const inSync = new Map<Partition, readonly number[]>()
    const { changed, unchanged, failed } = await writeLeaderships(
      this.#term,
      partitions,
      (partition, leadership) => {
        inSync.set(partition, leadership.isr)
        const chosen = unclean.has(partition.topic.name) ? UNCLEAN_AFTER_LOSS : strategy
        return planElection(context, partition, leadership, chosen)
      },
    )
    for (const partition of [...unchanged, ...failed]) {
      logger.warn(`No leader for ${partition.name} by the ${strategy.kind} strategy`)
    }
    for (const partition of changed) {
      const leader = partition.leadership?.leader ?? NO_LEADER
      if (inSync.get(partition)?.includes(leader) !== true) statistics.uncleanElections += 1
      const recipients = partition.assignment.replicas.filter((id) => context.isReachable(id))
      batch.addLeaderAndIsr(recipients, partition, false)
    }
    return [...changed]
  }

  // Topics that may have a leader from outside the in-sync set; asked only when there is need.
  async #uncleanAllowed(
    partitions: readonly Partition[],
    strategy: ElectionStrategy,
  ): Promise<ReadonlySet<string>> {
    if (strategy.kind !== 'offline' || strategy.allowUnclean) return new Set()
    const { context, store, settings } = this.#term
    const topics = new Set<string>()
    for (const partition of partitions) {
      const { leadership } = partition
      if (leadership === undefined) continue
      // Who is only suspected to be gone may come back with all records.
      const mayReturn = leadership.isr.some((id) => context.suspected.has(id))
      if (mayReturn || planElection(context, partition, leadership, strategy) !== undefined)
        continue
      topics.add(partition.topic.name)
    }
    const names = [...topics]
    const nodes = await store.readAll(names.map(topicConfigPath))
    return new Set(
      names.filter((_, index) => {
        const own = decodeConfig(nodes[index]?.data ?? null).get(UNCLEAN_ELECTION)
        return own === undefined ? settings.uncleanLeaderElectionEnable : own === 'true'
      }),
    )
  }

  async #initializeLeaders(
    partitions: readonly Partition[],
    batch: RequestBatch,
  ): Promise<Partition[]> {
    const { context, logger } = this.#term
    const planned: [Partition, NextLeadership][] = []
    for (const partition of partitions) {
      const next = planFirstLeadership(context, partition)
      if (next !== undefined) planned.push([partition, next])
      else logger.warn(`No replica of the new partition ${partition.name} is alive`)
    }
    const created = await this.#createStates(planned)
    for (const partition of created) {
      batch.addLeaderAndIsr(context.onlineReplicas(partition), partition, true)
    }
    return created
  }

  async #createStates(planned: readonly [Partition, NextLeadership][]): Promise<Partition[]> {
    if (planned.length === 0) return []
    await this.#createParents(planned.map(([partition]) => partition))
    const results = await this.#term.store.write(planned.map(createState))
    const created: Partition[] = []
    const existing: [Partition, NextLeadership][] = []
    for (const [index, [partition, next]] of planned.entries()) {
      const result = results[index]
      if (result?.ok === true) {
        partition.leadership = { ...next, partitionEpoch: 0 }
        created.push(partition)
      } else if (result?.code === ZooKeeperCode.NODEEXISTS) existing.push([partition, next])
      else this.#term.logger.error(`The state of ${partition.name} could not be created`)
    }
    return [...created, ...(await this.#adopt(existing))]
  }

  // A node of an earlier attempt whose answer was lost: what it left is taken over or completed.
  async #adopt(existing: readonly [Partition, NextLeadership][]): Promise<Partition[]> {
    const adopted: Partition[] = []
    await readLeaderships(
      this.#term,
      existing.map(([partition]) => partition),
    )
    for (const [partition, next] of existing) {
      if (partition.leadership === undefined) {
        const [, create] = createState([partition, next])
        const [result] = create === undefined ? [] : await this.#term.store.write([[create]])
        if (result?.ok !== true) continue
        partition.leadership = { ...next, partitionEpoch: 0 }
      }
      if (partition.leadership.controllerEpoch <= this.#term.context.epoch) adopted.push(partition)
    }
    return adopted
  }

  // The node above the partitions, for topics of which no partition has ever had a leader.
  async #createParents(partitions: readonly Partition[]): Promise<void> {
    const topics = new Set(partitions.map(({ topic }) => topic))
    const units: Unit[] = []
    for (const topic of topics) {
      const isOld = [...topic.partitions.values()].some((it) => it.leadership !== undefined)
      const path = partitionsPath(topic.name)
      if (!isOld) units.push([{ kind: 'create', path, data: null }])
    }
    await this.#term.store.write(units)
  }
}

function createState([partition, next]: readonly [Partition, NextLeadership]): Unit {
  const { topic, index } = partition
  return [
    { kind: 'create', path: partitionPath(topic.name, index), data: null },
    { kind: 'create', path: statePath(topic.name, index), data: stateBytes(next) },
  ]
}
