// What a load generator does while brokers die: it keeps producing as a client would, and counts how
// long nothing was acknowledged.
import { Compression } from '../src/wire/records/compression.ts'
import { Metadata } from '../src/wire/messages/03-metadata.ts'
import { call } from './cluster-calls.ts'
import { OpenLoop } from './cluster-open-loop.ts'
import { ask, controllerOf, partitionsIn, type ClusterCommon } from './cluster-view.ts'
import type { BrokerAddress } from './clusters.ts'
import type { JobResult } from './jobs.ts'
import { pause } from './pause.ts'
import { PatientProducer } from './patient-producer.ts'
import type { RawConnection } from './raw-connection.ts'

/** Sends the signal to a broker; the topic is placed so that this is what it hits. */
export interface FaultJob extends ClusterCommon {
  readonly kind: 'cluster-fault'
  readonly victim: number
  readonly signal: 'SIGKILL' | 'SIGTERM'
  /** Watched so long at least: a session that runs out later must not hurt either. */
  readonly seconds: number
}

/** From now on until all replicas are in sync, with producers at a fixed rate. */
export interface CatchUpJob extends ClusterCommon {
  readonly kind: 'cluster-catch-up'
  readonly recordsPerSecond: number
  readonly recordBytes: number
  readonly timeoutSeconds: number
}

/** Kills the controller; until every partition of the topics that begin so has another leader. */
export interface ControllerChangeJob extends ClusterCommon {
  readonly kind: 'cluster-controller-change'
  readonly partitions: number
  readonly timeoutSeconds: number
}

const WARM_MS = 2_000
const QUIET_MS = 300
const RECOVERED_WITHIN_MS = 30_000
const RECORD_BYTES = 100

function without({ brokers, topic }: ClusterCommon, victim: number): ClusterCommon {
  return { brokers: brokers.filter(({ id }) => id !== victim), topic }
}

export async function fault(job: FaultJob): Promise<JobResult> {
  const { brokers, victim } = job
  const pid = brokers.find(({ id }) => id === victim)?.pid
  if (pid === undefined) throw new Error(`broker ${victim} is not there`)
  const partitions = await partitionsIn(job)
  const shape = {
    recordBytes: RECORD_BYTES,
    batchBytes: RECORD_BYTES,
    compression: Compression.none,
  }
  // Those that stay are asked who leads now: a client would find out as fast.
  const survivors = without(job, victim).brokers
  const producers = partitions.map(
    (_, partition) => new PatientProducer({ ...job, partition, shape, survivors }),
  )
  const running = producers.map((producer) => producer.run())
  await pause(WARM_MS)
  for (const producer of producers) producer.startCounting()
  const faultAt = performance.now()
  process.kill(pid, job.signal)
  const hasRecovered = (): boolean =>
    performance.now() - faultAt > job.seconds * 1000 &&
    producers.every(({ silentMs }) => silentMs < QUIET_MS)
  while (!hasRecovered()) {
    if (performance.now() - faultAt > RECOVERED_WITHIN_MS) break
    await pause(50)
  }
  const gaps = producers.map(({ longestGapMs }) => longestGapMs)
  const refusals = producers.reduce((sum, producer) => sum + producer.refusals, 0)
  const errors = producers.reduce((sum, producer) => sum + producer.errors, 0)
  for (const producer of producers) producer.stop()
  await Promise.race([Promise.all(running), pause(1_000)])
  const figures = { gapMs: Math.max(...gaps), refusals, errors }
  return { work: 0, seconds: job.seconds, cpuSeconds: 0, figures }
}

export async function catchUp(job: CatchUpJob): Promise<JobResult> {
  const deadline = performance.now() + job.timeoutSeconds * 1000
  const load = await OpenLoop.start(job, job.recordBytes)
  const startedAt = performance.now()
  load.run(job.recordsPerSecond)
  for (;;) {
    const partitions = await partitionsIn(job)
    if (partitions.every(({ isrNodes, replicaNodes }) => isrNodes.length === replicaNodes.length)) {
      break
    }
    if (performance.now() > deadline) throw new Error('the follower is not in sync')
    await pause(50)
  }
  const seconds = (performance.now() - startedAt) / 1000
  await load.stop()
  const { acknowledged } = load
  return {
    work: acknowledged.count,
    seconds,
    cpuSeconds: 0,
    p50Ms: acknowledged.quantile(0.5),
    p99Ms: acknowledged.quantile(0.99),
  }
}

export async function controllerChange(job: ControllerChangeJob): Promise<JobResult> {
  const victim = await controllerOf(job.brokers)
  const { brokers: survivors } = without(job, victim.id)
  const startedAt = performance.now()
  process.kill(victim.pid, 'SIGKILL')
  const deadline = startedAt + job.timeoutSeconds * 1000
  for (const survivor of survivors) {
    while (!(await ask([survivor], (connection) => allLed(connection, job, victim)))) {
      if (performance.now() > deadline) throw new Error('partitions have no leader')
      await pause(50)
    }
  }
  return { work: 0, seconds: (performance.now() - startedAt) / 1000, cpuSeconds: 0 }
}

async function allLed(
  connection: RawConnection,
  { topic: prefix, partitions: wanted }: ControllerChangeJob,
  victim: BrokerAddress,
): Promise<boolean> {
  const { controllerId, topics } = await call(connection, Metadata, 9, { topics: null })
  if (controllerId === victim.id) return false
  const leaders = topics
    .filter(({ name }) => name?.startsWith(prefix) === true)
    .flatMap(({ partitions }) => partitions.map(({ leaderId }) => leaderId))
  return leaders.length === wanted && leaders.every((id) => id >= 0 && id !== victim.id)
}
