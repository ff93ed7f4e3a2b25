// A producer that sends one record after the other at a fixed rate, whatever comes back.
import { Compression } from '../src/wire/records/compression.ts'
import { producerId } from './cluster-calls.ts'
import { leadersOf, type ClusterCommon } from './cluster-view.ts'
import { errorPosition, produceFrames, type ProduceFrames } from './frames.ts'
import { Samples } from './histogram.ts'
import { pause } from './pause.ts'
import { RawConnection } from './raw-connection.ts'

interface Target {
  readonly partition: number
  readonly connection: RawConnection
  readonly sentTimes: number[]
}

export class OpenLoop {
  readonly #targets: readonly Target[]
  readonly #frames: ProduceFrames
  readonly #errorAt: number
  /** From sending to acknowledgement. */
  acknowledged = new Samples()
  #timer: NodeJS.Timeout | undefined

  private constructor(targets: readonly Target[], frames: ProduceFrames, errorAt: number) {
    this.#targets = targets
    this.#frames = frames
    this.#errorAt = errorAt
  }

  /** Connected, but silent. */
  static async start(common: ClusterCommon, recordBytes: number): Promise<OpenLoop> {
    const targets: Target[] = []
    let id = -1
    for (const { port, partitions } of await leadersOf(common)) {
      const connection = await RawConnection.open(port)
      if (id < 0) id = await producerId(connection)
      for (const partition of partitions) targets.push({ partition, connection, sentTimes: [] })
    }
    const shape = { recordBytes, batchBytes: recordBytes, compression: Compression.none }
    const frames = produceFrames(common.topic, targets.length, shape, id, -1)
    return new OpenLoop(targets, frames, errorPosition(common.topic))
  }

  run(recordsPerSecond: number): void {
    const startedAt = performance.now()
    const gapMs = 1000 / recordsPerSecond
    let sent = 0
    this.#timer = setInterval(() => {
      const now = performance.now()
      for (; startedAt + sent * gapMs <= now; sent++) {
        const target = this.#targets[sent % this.#targets.length]
        if (target !== undefined) this.#send(target)
      }
    }, 1)
  }

  /** When the first records that this producer wrote were sent, by offset. */
  sentAt(partition: number, offset: number): number {
    const target = this.#targets.find((one) => one.partition === partition)
    return target?.sentTimes[offset] ?? performance.now()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await pause(200)
    for (const { connection } of this.#targets) connection.close()
  }

  // The generator's own clock ticks once a millisecond; that is not the broker's delay.
  #send({ partition, connection, sentTimes }: Target): void {
    const sentAt = performance.now()
    sentTimes.push(sentAt)
    connection.send(this.#frames.next(partition), (answer) => {
      const error = answer.readInt16BE(this.#errorAt)
      if (error !== 0) throw new Error(`Produce was answered with error ${error}`)
      this.acknowledged.add(performance.now() - sentAt)
    })
  }
}
