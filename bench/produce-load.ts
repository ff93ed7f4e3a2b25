// Produce requests, so many under way on each connection, and what comes of them.
import { errorPosition, type ProduceFrames } from './frames.ts'
import { Samples } from './histogram.ts'
import type { JobResult } from './jobs.ts'
import { pause } from './pause.ts'
import { measure } from './procfs.ts'
import type { RawConnection } from './raw-connection.ts'

export interface ProduceLoadOptions {
  readonly topic: string
  readonly pids: readonly number[]
  readonly recordBytes: number
  readonly batchBytes: number
  readonly warmSeconds: number
  readonly seconds: number
  /** It ends when so much was acknowledged, if that is before the seconds are over. */
  readonly bytes?: number
}

export class ProduceLoad {
  readonly #options: ProduceLoadOptions
  readonly #errorAt: number
  readonly #connections: RawConnection[] = []
  readonly #latencies = new Samples()
  readonly #enough = Promise.withResolvers<void>()
  #requests = 0
  #valueBytes = 0
  #acknowledgedBytes = 0
  #isMeasuring = false
  #isOver = false

  constructor(options: ProduceLoadOptions) {
    this.#options = options
    this.#errorAt = errorPosition(options.topic)
  }

  /** Keeps one request under way for each of the partitions, which may come more than once. */
  start(connection: RawConnection, frames: ProduceFrames, partitions: readonly number[]): void {
    this.#connections.push(connection)
    for (const partition of partitions) this.#send(connection, frames, partition)
  }

  /** Work is MB of values, or requests where each has one record. Closes the connections. */
  async finish(): Promise<JobResult> {
    const { recordBytes, batchBytes, bytes, warmSeconds } = this.#options
    await pause(warmSeconds * 1000)
    const window = await measure(
      this.#options,
      (on) => (this.#isMeasuring = on),
      bytes === undefined ? undefined : this.#enough.promise,
    )
    this.#isOver = true
    await pause(200)
    for (const connection of this.#connections) connection.close()
    return {
      work: batchBytes > recordBytes ? this.#valueBytes / 1e6 : this.#requests,
      ...window,
      p50Ms: this.#latencies.quantile(0.5),
      p99Ms: this.#latencies.quantile(0.99),
    }
  }

  #send(connection: RawConnection, frames: ProduceFrames, partition: number): void {
    const sentAt = performance.now()
    connection.send(frames.next(partition), (answer) => {
      const error = answer.readInt16BE(this.#errorAt)
      if (error !== 0) throw new Error(`Produce was answered with error ${error}`)
      if (this.#isMeasuring) {
        this.#requests++
        this.#valueBytes += frames.valueBytesPerRequest
        this.#latencies.add(performance.now() - sentAt)
      }
      this.#acknowledgedBytes += frames.valueBytesPerRequest
      if (this.#acknowledgedBytes >= (this.#options.bytes ?? Infinity)) this.#enough.resolve()
      if (!this.#isOver) this.#send(connection, frames, partition)
    })
  }
}
