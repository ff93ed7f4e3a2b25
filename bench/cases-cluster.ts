// The cases of three brokers with replication factor 3 and min.insync.replicas=2: load, faults, a
// follower that comes back, a new controller. OTTLA_BENCH_CATCH_UP_MB and
// OTTLA_BENCH_CLUSTER_TOPICS make the long ones smaller.
import { load, type Case, type Figures } from './cases.ts'
import { createReplicated } from './cluster-calls.ts'
import type { ClusterOpenLoopJob, ClusterProduceJob } from './cluster-jobs.ts'
import { controllerOf } from './cluster-view.ts'
import { BROKER_IDS, Cluster, type BrokerId } from './clusters.ts'
import { pause } from './pause.ts'
import { residentBytes } from './procfs.ts'
import { RawConnection } from './raw-connection.ts'
import { newDirectory, removeDirectory, type ServerKind } from './servers.ts'

type Settings = Readonly<Record<string, string>>

const CATCH_UP_BYTES = Number(process.env['OTTLA_BENCH_CATCH_UP_MB'] ?? 1_024) << 20
const MANY_TOPICS = Number(process.env['OTTLA_BENCH_CLUSTER_TOPICS'] ?? 100)
const PARTITIONS = 6
const BATCHED = { connections: 6, inFlight: 5, recordBytes: 1024, batchBytes: 256 * 1024 }
const ONE_RECORD = { connections: 16, inFlight: 1, recordBytes: 100, batchBytes: 100 }

/** A fresh cluster, gone afterwards. */
async function withCluster<T>(
  kind: ServerKind,
  settings: Settings,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const directory = newDirectory()
  try {
    const cluster = await Cluster.start(kind, directory, settings)
    try {
      return await use(cluster)
    } finally {
      await cluster.kill()
    }
  } finally {
    removeDirectory(directory)
  }
}

/** Partitions in turn led by `leaders`, followed by all others. */
async function createTopic(
  { brokers }: Cluster,
  topic: string,
  leaders: readonly number[] = BROKER_IDS,
  partitions = PARTITIONS,
): Promise<void> {
  const replicas = Array.from({ length: partitions }, (_, index) => {
    const leader = leaders[index % leaders.length] ?? 0
    return [leader, ...BROKER_IDS.filter((id) => id !== leader)]
  })
  const controller = await RawConnection.open((await controllerOf(brokers)).port)
  await createReplicated(controller, topic, replicas)
  controller.close()
}

type ShapeOf<Job> = Omit<Job, 'kind' | 'brokers' | 'topic'>

function produceCase(name: string, title: string, shape: ShapeOf<ClusterProduceJob>): Case {
  const unit = shape.batchBytes > shape.recordBytes ? 'MB' : 'requests'
  return {
    name,
    title,
    run: (kind) =>
      withCluster(kind, {}, async (cluster) => {
        await createTopic(cluster, name)
        const { brokers } = cluster
        const job = { kind: 'cluster-produce', brokers, topic: name, ...shape } as const
        const result = await load(job)
        return {
          [`${unit}/s`]: result.work / result.seconds,
          [`${unit}/CPU-s of all`]: result.work / Math.max(result.cpuSeconds, 0.01),
          'p50 ms': result.p50Ms ?? Number.NaN,
          'p99 ms': result.p99Ms ?? Number.NaN,
        }
      }),
  }
}

const OPEN_LOOP: ShapeOf<ClusterOpenLoopJob> = {
  recordsPerSecond: 1_000,
  recordBytes: 1024,
  // Until Java has compiled what it runs it falls behind, and has to make up for it.
  warmSeconds: 10,
  seconds: 6,
}

const openLoop: Case = {
  name: 'cluster-open-loop',
  title: 'Cluster: 1,000 records/s of 1 KiB, acks=all, end to end',
  run: (kind) =>
    withCluster(kind, {}, async (cluster) => {
      const topic = 'open-loop'
      await createTopic(cluster, topic)
      const { brokers } = cluster
      const result = await load({ kind: 'cluster-open-loop', brokers, topic, ...OPEN_LOOP })
      return {
        'p50 ms': result.p50Ms ?? Number.NaN,
        'p99 ms': result.p99Ms ?? Number.NaN,
        'p99.9 ms': result.p999Ms ?? Number.NaN,
        'CPU % of a core, all': (result.cpuSeconds / result.seconds) * 100,
      }
    }),
}

const LOADED_SECONDS = 10
const REST_MS = 5_000

const memory: Case = {
  name: 'cluster-memory',
  title: `Cluster: memory of brokers and ZooKeeper, ${REST_MS / 1000} s after ${LOADED_SECONDS} s of load`,
  mostRounds: 1,
  run: (kind) =>
    withCluster(kind, {}, async (cluster) => {
      const topic = 'memory'
      await createTopic(cluster, topic)
      const job = { kind: 'cluster-produce', brokers: cluster.brokers, topic } as const
      await load({ ...job, ...BATCHED, warmSeconds: 0, seconds: LOADED_SECONDS })
      const loaded = residentBytes(cluster.pids) / 1e6
      await pause(REST_MS)
      return { 'RSS MB': residentBytes(cluster.pids) / 1e6, 'RSS MB at its end': loaded }
    }),
}

interface Fault {
  readonly signal: 'SIGKILL' | 'SIGTERM'
  readonly victim: 'leader' | 'controller' | 'follower'
  readonly sessionMs: number
}

async function faultOnce(kind: ServerKind, fault: Fault, settings: Settings): Promise<Figures> {
  const session = { 'zookeeper.session.timeout.ms': String(fault.sessionMs) }
  return withCluster(kind, { ...session, ...settings }, async (cluster) => {
    const controller = await controllerOf(cluster.brokers)
    const another = BROKER_IDS.find((id) => id !== controller.id) ?? 0
    const victim = fault.victim === 'controller' ? controller.id : another
    const leaders = BROKER_IDS.filter((id) => fault.victim !== 'follower' || id !== victim)
    const topic = 'faults'
    await createTopic(cluster, topic, leaders)
    const { figures } = await load({
      kind: 'cluster-fault',
      brokers: cluster.brokers,
      topic,
      victim,
      signal: fault.signal,
      seconds: fault.signal === 'SIGTERM' ? 3 : fault.sessionMs / 1000 + 1,
    })
    return figures ?? {}
  })
}

const OFF: Settings = { 'ottla.fast.failover.enable': 'false' }

/** Apache's has no fast failover: what it does once stands beside both of ours. */
function killCase(name: string, title: string, fault: Fault): Case {
  return {
    name,
    title,
    // Two clusters of ours each time, and a session that runs out.
    mostRounds: 2,
    run: async (kind) => {
      const on = await faultOnce(kind, fault, {})
      const off = kind.name === 'ottla' ? await faultOnce(kind, fault, OFF) : on
      return {
        'gap ms, failover on': on['gapMs'] ?? Number.NaN,
        'gap ms, failover off': off['gapMs'] ?? Number.NaN,
      }
    },
  }
}

const killFollower: Case = {
  name: 'cluster-kill-follower',
  title: 'Cluster: SIGKILL of a follower, session 6 s: longest time without an acknowledgement',
  mostRounds: 2,
  run: async (kind) => {
    const fault = { signal: 'SIGKILL', victim: 'follower', sessionMs: 6_000 } as const
    const { gapMs = Number.NaN } = await faultOnce(kind, fault, {})
    return { 'gap ms': gapMs }
  },
}

const stopLeader: Case = {
  name: 'cluster-stop-leader',
  title: 'Cluster: SIGTERM of a leader: longest time without an acknowledgement',
  run: async (kind) => {
    const fault = { signal: 'SIGTERM', victim: 'leader', sessionMs: 6_000 } as const
    const { gapMs = Number.NaN, errors = 0, refusals = 0 } = await faultOnce(kind, fault, {})
    return { 'gap ms': gapMs, errors, 'tried again': refusals }
  },
}

const catchUp: Case = {
  name: 'cluster-catch-up',
  title: `Cluster: a follower starts with ${CATCH_UP_BYTES >> 20} MiB to fetch, 500 records/s beside it`,
  mostRounds: 1,
  run: (kind) =>
    withCluster(kind, {}, async (cluster) => {
      const topic = 'catch-up'
      const { id: controller } = await controllerOf(cluster.brokers)
      const away: BrokerId = BROKER_IDS.find((id) => id !== controller) ?? 1
      await createTopic(
        cluster,
        topic,
        BROKER_IDS.filter((id) => id !== away),
      )
      await cluster.stopBroker(away)
      await load({
        kind: 'cluster-produce',
        brokers: cluster.brokers,
        topic,
        ...BATCHED,
        warmSeconds: 0,
        seconds: 60,
        bytes: CATCH_UP_BYTES,
      })
      const { brokers } = cluster
      await cluster.startBroker(away)
      const { seconds, p99Ms = Number.NaN } = await load({
        kind: 'cluster-catch-up',
        brokers,
        topic,
        recordsPerSecond: 500,
        recordBytes: 1024,
        timeoutSeconds: 90,
      })
      return { 'in sync after s': seconds, 'p99 ms meanwhile': p99Ms }
    }),
}

const PARTITIONS_PER_TOPIC = 100

const controllerChange: Case = {
  name: 'cluster-controller-change',
  title: `Cluster: SIGKILL of the controller with ${MANY_TOPICS * PARTITIONS_PER_TOPIC} partitions, session 6 s`,
  mostRounds: 1,
  run: (kind) =>
    withCluster(kind, { 'zookeeper.session.timeout.ms': '6000' }, async (cluster) => {
      const { brokers } = cluster
      const topic = 'many'
      const partitions = MANY_TOPICS * PARTITIONS_PER_TOPIC
      const { seconds: createSeconds } = await load({
        kind: 'topics',
        port: (await controllerOf(brokers)).port,
        pids: cluster.brokerPids,
        topic,
        requests: Math.ceil(MANY_TOPICS / 10),
        topicsPerRequest: Math.min(10, MANY_TOPICS),
        partitions: PARTITIONS_PER_TOPIC,
        replicationFactor: 3,
      })
      const memory = residentBytes(cluster.pids) / 1e6
      const job = { kind: 'cluster-controller-change', brokers, topic } as const
      const { seconds } = await load({ ...job, partitions, timeoutSeconds: 90 })
      return { 'all led after s': seconds, 'created in s': createSeconds, 'RSS MB': memory }
    }),
}

export const clusterCases: readonly Case[] = [
  produceCase('cluster-produce', 'Cluster: produce 1 KiB records, acks=all, 256 KiB batches', {
    ...BATCHED,
    warmSeconds: 5,
    seconds: 4,
  }),
  produceCase('cluster-requests-16', 'Cluster: one-record requests, 16 connections, acks=all', {
    ...ONE_RECORD,
    warmSeconds: 3,
    seconds: 4,
  }),
  openLoop,
  memory,
  killCase('cluster-kill-leader', 'Cluster: SIGKILL of a leader, session 6 s', {
    signal: 'SIGKILL',
    victim: 'leader',
    sessionMs: 6_000,
  }),
  killCase('cluster-kill-controller', 'Cluster: SIGKILL of leader and controller, session 2 s', {
    signal: 'SIGKILL',
    victim: 'controller',
    sessionMs: 2_000,
  }),
  killFollower,
  stopLeader,
  catchUp,
  controllerChange,
]
