// What a load generator does to groups: rebalances, commits, and the preparation of offsets to load.
import { pause } from './pause.ts'
import { OffsetCommit } from '../src/wire/messages/08-offset-commit.ts'
import { OffsetFetch } from '../src/wire/messages/09-offset-fetch.ts'
import { FindCoordinator } from '../src/wire/messages/10-find-coordinator.ts'
import { decodeResponseHeader, encodeRequest } from '../src/wire/messages/headers.ts'
import { Errors } from '../src/wire/errors.ts'
import { call, createTopic } from './cluster-calls.ts'
import { CLIENT_ID, framed } from './frames.ts'
import { GroupMember, type GroupShape } from './group-member.ts'
import { Samples } from './histogram.ts'
import type { JobResult } from './jobs.ts'
import { cpuSeconds, residentBytes } from './procfs.ts'
import { RawConnection } from './raw-connection.ts'

interface Common {
  readonly port: number
  readonly pids: readonly number[]
  readonly topic: string
}

export interface RebalanceJob extends Common {
  readonly kind: 'rebalance'
  readonly members: number
  readonly partitions: number
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
}

export interface CommitJob extends Common {
  readonly kind: 'commit'
  readonly connections: number
  readonly warmSeconds: number
  readonly seconds: number
}

export interface ManyOffsetsJob extends Common {
  readonly kind: 'many-offsets'
  readonly groups: number
  readonly partitions: number
  readonly rounds: number
}

export interface AwaitOffsetsJob extends Common {
  readonly kind: 'await-offsets'
  readonly groupId: string
}

export interface IdleGroupsJob extends Common {
  readonly kind: 'idle-groups'
  readonly groups: number
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  readonly holdMs: number
}

export type GroupJob = RebalanceJob | CommitJob | ManyOffsetsJob | AwaitOffsetsJob | IdleGroupsJob

export function runGroupJob(job: GroupJob): Promise<JobResult> {
  switch (job.kind) {
    case 'rebalance':
      return rebalance(job)
    case 'commit':
      return commit(job)
    case 'many-offsets':
      return manyOffsets(job)
    case 'await-offsets':
      return awaitOffsets(job)
    case 'idle-groups':
      return idleGroups(job)
  }
}

const COORDINATOR_WITHIN_MS = 30_000

async function untilCoordinator(connection: RawConnection, groupId: string): Promise<void> {
  const giveUpAt = performance.now() + COORDINATOR_WITHIN_MS
  while (performance.now() < giveUpAt) {
    const found = await call(connection, FindCoordinator, 3, { key: groupId, keyType: 0 })
    if (found.errorCode === Errors.NONE) {
      const { groups } = await fetchOffsets(connection, groupId)
      if (groups[0]?.errorCode === Errors.NONE) return
    }
    await pause(20)
  }
  throw new Error(`group ${groupId} has no coordinator`)
}

function fetchOffsets(connection: RawConnection, groupId: string) {
  return call(connection, OffsetFetch, 8, { groups: [{ groupId, topics: null }] })
}

/** Members that share a topic; what they say when all of them have settled. */
class Members {
  readonly #present = new Set<GroupMember>()
  readonly #partitions: number
  #onStable: () => void = () => {}
  #lastJoinAt = 0

  constructor(partitions: number) {
    this.#partitions = partitions
  }

  async enter(count: number, shape: Omit<GroupShape, 'onJoin' | 'onSettled'>): Promise<void> {
    for (let number = 0; number < count; number++) {
      const onJoin = (): void => {
        this.#lastJoinAt = performance.now()
      }
      const onSettled = (): void => this.#look()
      this.#present.add(await GroupMember.open({ ...shape, onJoin, onSettled }))
    }
  }

  /** Milliseconds from `act` until every partition has one owner, all in one generation. */
  timeUntilStable(act: (members: Set<GroupMember>) => void): Promise<number> {
    return new Promise((resolve) => {
      const startedAt = performance.now()
      this.#onStable = () => resolve(performance.now() - startedAt)
      act(this.#present)
    })
  }

  /** How long ago the last member joined: from then on only the broker's work was left. */
  sinceLastJoinMs(): number {
    return performance.now() - this.#lastJoinAt
  }

  close(): void {
    for (const member of this.#present) member.die()
  }

  #look(): void {
    const present = [...this.#present]
    const generations = new Set(present.map(({ generation }) => generation))
    if (generations.size !== 1 || !present.every(({ isSettled }) => isSettled)) return
    const owned = present.flatMap((member) => member.owned)
    if (owned.length !== this.#partitions || new Set(owned).size !== owned.length) return
    this.#onStable()
  }
}

async function rebalance(job: RebalanceJob): Promise<JobResult> {
  const control = await RawConnection.open(job.port)
  const { port, topic, partitions, sessionTimeoutMs, heartbeatMs } = job
  await createTopic(control, topic, partitions)
  await untilCoordinator(control, topic)
  const members = new Members(partitions)
  await members.enter(job.members, {
    port,
    groupId: topic,
    topic,
    partitions,
    sessionTimeoutMs,
    heartbeatMs,
  })
  const cpuBefore = cpuSeconds(job.pids)
  const startedAt = performance.now()
  const joinMs = await members.timeUntilStable((all) => {
    for (const member of all) void member.join()
  })
  const leaveMs = await members.timeUntilStable((all) => {
    const [member] = takeLast(all)
    void member?.leave()
  })
  const leaveBrokerMs = members.sinceLastJoinMs()
  const deathMs = await members.timeUntilStable((all) => {
    const [member] = takeLast(all)
    member?.die()
  })
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = cpuSeconds(job.pids) - cpuBefore
  members.close()
  control.close()
  return { work: 3, seconds, cpuSeconds: cpu, figures: { joinMs, leaveMs, leaveBrokerMs, deathMs } }
}

function takeLast(all: Set<GroupMember>): GroupMember[] {
  const last = [...all].slice(-1)
  for (const member of last) all.delete(member)
  return last
}

function commitFrame(groupId: string, topic: string, partitions: number[], offset: number) {
  const request = encodeRequest(OffsetCommit, 8, 0, CLIENT_ID, {
    groupId,
    memberId: '',
    groupInstanceId: null,
    topics: [
      {
        name: topic,
        partitions: partitions.map((partitionIndex) => ({
          partitionIndex,
          committedOffset: offset,
          committedMetadata: '',
        })),
      },
    ],
  })
  return [Buffer.concat(framed(request))]
}

function checkCommit(answer: Buffer): void {
  const { bodyPosition } = decodeResponseHeader(OffsetCommit, 8, answer)
  const { topics } = OffsetCommit.response.decode(8, answer, bodyPosition)
  const bad = topics[0]?.partitions.find(({ errorCode }) => errorCode !== 0)
  if (bad !== undefined || topics.length !== 1) {
    throw new Error(`OffsetCommit was answered with error ${bad?.errorCode}`)
  }
}

/** Commits of one partition, each connection for a group of its own, one in flight. */
async function commit(job: CommitJob): Promise<JobResult> {
  const control = await RawConnection.open(job.port)
  await createTopic(control, job.topic, job.connections)
  const latencies = new Samples()
  let isMeasuring = false
  let isOver = false
  const pump = (connection: RawConnection, frame: Buffer[]): void => {
    const sentAt = performance.now()
    connection.send(frame, (answer) => {
      checkCommit(answer)
      if (isMeasuring) latencies.add(performance.now() - sentAt)
      if (!isOver) pump(connection, frame)
    })
  }
  const open: RawConnection[] = []
  for (let number = 0; number < job.connections; number++) {
    const groupId = `${job.topic}-${number}`
    await untilCoordinator(control, groupId)
    const connection = await RawConnection.open(job.port)
    open.push(connection)
    pump(connection, commitFrame(groupId, job.topic, [number], 1_000 + number))
  }
  await pause(job.warmSeconds * 1000)
  const cpuBefore = cpuSeconds(job.pids)
  const startedAt = performance.now()
  isMeasuring = true
  await pause(job.seconds * 1000)
  isMeasuring = false
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = cpuSeconds(job.pids) - cpuBefore
  isOver = true
  await pause(200)
  for (const connection of [control, ...open]) connection.close()
  return {
    work: latencies.count,
    seconds,
    cpuSeconds: cpu,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
  }
}

const COMMITS_IN_FLIGHT = 32

/** `groups × partitions` offsets, each committed `rounds` times. */
async function manyOffsets(job: ManyOffsetsJob): Promise<JobResult> {
  const connection = await RawConnection.open(job.port)
  await createTopic(connection, job.topic, job.partitions)
  await untilCoordinator(connection, groupName(job.topic, 0))
  const partitions = Array.from({ length: job.partitions }, (_, index) => index)
  const startedAt = performance.now()
  const total = job.groups * job.rounds
  let sent = 0
  let answered = 0
  await new Promise<void>((resolve) => {
    const next = (): void => {
      if (sent === total) return
      const groupId = groupName(job.topic, sent % job.groups)
      const frame = commitFrame(groupId, job.topic, partitions, sent)
      sent++
      connection.send(frame, (answer) => {
        checkCommit(answer)
        if (++answered === total) resolve()
        else next()
      })
    }
    for (let slot = 0; slot < COMMITS_IN_FLIGHT; slot++) next()
  })
  connection.close()
  const seconds = (performance.now() - startedAt) / 1000
  return { work: total * job.partitions, seconds, cpuSeconds: 0 }
}

export function groupName(topic: string, number: number): string {
  return `${topic}-${number}`
}

const OFFSETS_WITHIN_MS = 120_000

/** Asks a broker that comes up until it answers; `loadMs` counts while it says that it loads. */
async function awaitOffsets(job: AwaitOffsetsJob): Promise<JobResult> {
  const startedAt = performance.now()
  let loadingSince: number | undefined
  while (performance.now() - startedAt < OFFSETS_WITHIN_MS) {
    try {
      const connection = await RawConnection.open(job.port)
      const answer = await fetchOffsets(connection, job.groupId).finally(() => connection.close())
      const now = performance.now()
      const errorCode = answer.groups[0]?.errorCode
      if (errorCode === Errors.COORDINATOR_LOAD_IN_PROGRESS) loadingSince ??= now
      if (errorCode === Errors.NONE && (answer.groups[0]?.topics.length ?? 0) > 0) {
        const loadMs = now - (loadingSince ?? now)
        return { work: 1, seconds: (now - startedAt) / 1000, cpuSeconds: 0, figures: { loadMs } }
      }
    } catch {
      // Nobody listens yet.
    }
    await pause(2)
  }
  throw new Error(`the offsets of ${job.groupId} were not there in time`)
}

/** Groups of one member each, that does nothing but send heartbeats. */
async function idleGroups(job: IdleGroupsJob): Promise<JobResult> {
  const control = await RawConnection.open(job.port)
  await createTopic(control, job.topic, 1)
  const { port, topic, sessionTimeoutMs, heartbeatMs } = job
  await untilCoordinator(control, groupName(topic, 0))
  const rssBefore = residentBytes(job.pids)
  const members: GroupMember[] = []
  for (let number = 0; number < job.groups; number++) {
    const groupId = groupName(topic, number)
    const member = await GroupMember.open({
      port,
      groupId,
      topic,
      partitions: 1,
      sessionTimeoutMs,
      heartbeatMs,
      onJoin: () => {},
      onSettled: () => {},
    })
    await member.join()
    members.push(member)
  }
  await pause(2_000)
  const cpuBefore = cpuSeconds(job.pids)
  const startedAt = performance.now()
  await pause(job.holdMs)
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = cpuSeconds(job.pids) - cpuBefore
  const rss = residentBytes(job.pids)
  for (const member of members) member.die()
  control.close()
  const figures = { rssMb: rss / 1e6, addedMb: (rss - rssBefore) / 1e6 }
  return { work: job.groups, seconds, cpuSeconds: cpu, figures }
}
