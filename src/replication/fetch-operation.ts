// A fetch over many partitions, answered at once or parked until there is enough to read, its time
// is over, or one of its partitions has something to say (an error, a divergence, a better replica).
// Hot: a parked fetch is one entry in each partition and in the deadlines; it reads again only when
// as many bytes may have come as it lacked.
import type { Deadlines, Expiring } from './deadlines.ts'
import { Isolation } from './fetch-types.ts'
import type { FetchOptions, FetchResult, FetchTarget } from './fetch-types.ts'
import type { PartitionReader } from './partition-listeners.ts'
import type { Partition } from './partition.ts'
import type { ReadLimits } from './read-partition.ts'

/** How a fetch gets at partitions; supplied by Replicas. */
export interface FetchSource {
  readonly deadlines: Deadlines
  /** Monotonic. */
  nowMs(): number
  /** The partition to wait on; undefined when there is none. */
  partitionOf(target: FetchTarget): Partition | undefined
  read(
    target: FetchTarget,
    options: FetchOptions,
    limits: ReadLimits,
  ): FetchResult | Promise<FetchResult>
  /** Calls back after the events that are already due. */
  defer(callback: () => void): void
  onParked(): void
  onUnparked(): void
}

export class FetchOperation implements PartitionReader, Expiring {
  readonly seesLogEnd: boolean
  deadlineSlot = 0
  deadlineMs = 0
  readonly #source: FetchSource
  readonly #options: FetchOptions
  readonly #targets: readonly FetchTarget[]
  readonly #done: (results: readonly FetchResult[]) => void
  #waitsOn: Partition[] | undefined
  #missingBytes = 0
  /** A read from a file is on its way. */
  #reading = false
  /** Will read again when what arrived together has been handled. */
  #isDue = false
  #wakeUpAfterRead = false
  #timeIsUp: boolean
  #over = false

  constructor(
    source: FetchSource,
    options: FetchOptions,
    targets: readonly FetchTarget[],
    done: (results: readonly FetchResult[]) => void,
  ) {
    this.seesLogEnd = options.isolation === Isolation.logEnd
    this.#source = source
    this.#options = options
    this.#targets = targets
    this.#done = done
    this.#timeIsUp = options.maxWaitMs <= 0 || targets.length === 0
  }

  get isAbandoned(): boolean {
    return this.#options.requester.isClosed
  }

  start(): void {
    this.#readAll()
  }

  onReadable(bytes: number): void {
    this.#missingBytes -= bytes
    if (this.#missingBytes > 0 || this.#isDue) return
    this.#isDue = true
    this.#source.defer(() => {
      this.#isDue = false
      this.#readAgain()
    })
  }

  onStateChange(): void {
    this.#readAgain()
  }

  onDeadline(): void {
    this.#timeIsUp = true
    this.#readAgain()
  }

  #readAgain(): void {
    if (this.#over) return
    if (this.isAbandoned) this.#end()
    else if (this.#reading) this.#wakeUpAfterRead = true
    else this.#readAll()
  }

  #readAll(): void {
    this.#wakeUpAfterRead = false
    this.#readFrom(0, [], this.#options.maxBytes, 0)
  }

  #readFrom(first: number, results: FetchResult[], maxBytes: number, sizeBytes: number): void {
    let left = maxBytes
    let size = sizeBytes
    const nowMs = this.#source.nowMs()
    for (let index = first; index < this.#targets.length; index += 1) {
      const target = this.#targets[index]
      if (target === undefined) break
      const minOneBatch = this.#options.minOneBatch && size === 0
      const result = this.#source.read(target, this.#options, {
        maxBytes: left,
        minOneBatch,
        nowMs,
        isFirstRead: this.#waitsOn === undefined,
      })
      if (result instanceof Promise) {
        this.#continueAfter(result, index + 1, results, left, size)
        return
      }
      results.push(result)
      size += result.sizeBytes
      left = Math.max(0, left - result.sizeBytes)
    }
    this.#onRead(results, size)
  }

  #continueAfter(
    reading: Promise<FetchResult>,
    next: number,
    results: FetchResult[],
    maxBytes: number,
    sizeBytes: number,
  ): void {
    this.#reading = true
    void reading.then((result) => {
      this.#reading = false
      if (this.#over) return
      results.push(result)
      const size = result.sizeBytes
      this.#readFrom(next, results, Math.max(0, maxBytes - size), sizeBytes + size)
    })
  }

  #onRead(results: readonly FetchResult[], sizeBytes: number): void {
    if (this.#over) return
    if (this.#timeIsUp || sizeBytes >= this.#options.minBytes || results.some(isUrgent)) {
      this.#end()
      this.#done(results)
      return
    }
    this.#missingBytes = this.#options.minBytes - sizeBytes
    if (this.#waitsOn === undefined) this.#park()
    // Something came while a file was read: what it was may lie before the place already read.
    if (this.#wakeUpAfterRead) this.#readAll()
  }

  #park(): void {
    const partitions: Partition[] = []
    for (const target of this.#targets) {
      const partition = this.#source.partitionOf(target)
      if (partition === undefined) continue
      partition.listeners.addReader(this)
      partitions.push(partition)
    }
    this.#waitsOn = partitions
    this.#source.deadlines.add(this, this.#options.maxWaitMs)
    this.#source.onParked()
  }

  #end(): void {
    this.#over = true
    if (this.#waitsOn === undefined) return
    for (const partition of this.#waitsOn) partition.listeners.removeReader(this)
    this.#waitsOn = undefined
    this.#source.deadlines.remove(this)
    this.#source.onUnparked()
  }
}

function isUrgent(result: FetchResult): boolean {
  return (
    result.error !== 0 || result.divergingEpoch !== undefined || result.preferredReadReplica !== -1
  )
}
