// What a load generator does to three brokers: each request goes to its partition's leader. The topic
// is there already.
import { Compression } from '../src/wire/records/compression.ts'
import { producerId } from './cluster-calls.ts'
import {
  catchUp,
  controllerChange,
  fault,
  type CatchUpJob,
  type ControllerChangeJob,
  type FaultJob,
} from './cluster-faults.ts'
import { OpenLoop } from './cluster-open-loop.ts'
import { leadersOf, type ClusterCommon } from './cluster-view.ts'
import { fetchFrame, readFetched } from './fetch-frames.ts'
import { produceFrames } from './frames.ts'
import { Samples } from './histogram.ts'
import type { JobResult } from './jobs.ts'
import { pause } from './pause.ts'
import { measure } from './procfs.ts'
import { ProduceLoad } from './produce-load.ts'
import { RawConnection } from './raw-connection.ts'

export interface ClusterProduceJob extends ClusterCommon {
  readonly kind: 'cluster-produce'
  readonly connections: number
  readonly inFlight: number
  readonly recordBytes: number
  readonly batchBytes: number
  readonly warmSeconds: number
  readonly seconds: number
  /** It ends when so much was acknowledged, if that is before the seconds are over. */
  readonly bytes?: number
}

export interface ClusterOpenLoopJob extends ClusterCommon {
  readonly kind: 'cluster-open-loop'
  readonly recordsPerSecond: number
  readonly recordBytes: number
  readonly warmSeconds: number
  readonly seconds: number
}

export type ClusterJob =
  | ClusterProduceJob
  | ClusterOpenLoopJob
  | FaultJob
  | CatchUpJob
  | ControllerChangeJob

export function runClusterJob(job: ClusterJob): Promise<JobResult> {
  switch (job.kind) {
    case 'cluster-produce':
      return produce(job)
    case 'cluster-open-loop':
      return openLoop(job)
    case 'cluster-fault':
      return fault(job)
    case 'cluster-catch-up':
      return catchUp(job)
    default:
      return controllerChange(job)
  }
}

const pidsOf = ({ brokers }: ClusterCommon): number[] => brokers.map(({ pid }) => pid)

async function produce(job: ClusterProduceJob): Promise<JobResult> {
  const { recordBytes, batchBytes } = job
  const leaders = await leadersOf(job)
  const control = await RawConnection.open(leaders[0]?.port ?? 0)
  const shape = { recordBytes, batchBytes, compression: Compression.none }
  const partitionCount = leaders.reduce((sum, { partitions }) => sum + partitions.length, 0)
  const load = new ProduceLoad({ ...job, pids: pidsOf(job) })
  for (let number = 0; number < job.connections; number++) {
    const leader = leaders[number % leaders.length]
    if (leader === undefined) throw new Error('no partition has a leader')
    const connection = await RawConnection.open(leader.port)
    const frames = produceFrames(job.topic, partitionCount, shape, await producerId(control), -1)
    const first = Math.floor(number / leaders.length)
    const slots = Array.from(
      { length: job.inFlight },
      (_, slot) => leader.partitions[(first + slot) % leader.partitions.length] ?? 0,
    )
    load.start(connection, frames, slots)
  }
  const result = await load.finish()
  control.close()
  return result
}

/** Records one by one at a fixed rate, each timed from its sending to its arrival at a consumer. */
async function openLoop(job: ClusterOpenLoopJob): Promise<JobResult> {
  const latencies = new Samples()
  let isMeasuring = false
  let isOver = false
  const load = await OpenLoop.start(job, job.recordBytes)
  const consumers: RawConnection[] = []
  for (const { port, partitions } of await leadersOf(job)) {
    for (const partition of partitions) {
      const consumer = await RawConnection.open(port)
      consumers.push(consumer)
      const read = (offset: number): void => {
        consumer.send(fetchFrame(job.topic, partition, offset, 500), (answer) => {
          const { nextOffset } = readFetched(answer, offset)
          const now = performance.now()
          for (let at = offset; at < nextOffset && isMeasuring; at++) {
            latencies.add(now - load.sentAt(partition, at))
          }
          if (!isOver) read(nextOffset)
        })
      }
      read(0)
    }
  }
  load.run(job.recordsPerSecond)
  await pause(job.warmSeconds * 1000)
  const window = await measure(
    { pids: pidsOf(job), seconds: job.seconds },
    (on) => (isMeasuring = on),
  )
  isOver = true
  await load.stop()
  for (const consumer of consumers) consumer.close()
  return {
    work: latencies.count,
    ...window,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    p999Ms: latencies.quantile(0.999),
  }
}
