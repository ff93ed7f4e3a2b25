// What clients were told in a simulation, and what must therefore hold. The first contradiction
// throws; the simulation ends with it.
import type { ConsumedRecord } from '../../src/client/consumer.ts'

/** A record's value: who sent it, its number, and something to fill it. */
const VALUE = /^([a-z]+-\d+) (\d+) x*$/

export function valueOf(producer: string, number: number, padding: number): Buffer {
  return Buffer.from(`${producer} ${number} ${'x'.repeat(padding)}`)
}

export class Contradiction extends Error {
  override readonly name = 'Contradiction'
}

interface PartitionHistory {
  /** By offset: what an acknowledgement or a consumer has shown there. */
  readonly known: Map<number, string>
  readonly acknowledged: Map<number, string>
  highWatermark: number
  /** Before it records are gone, as a client was told. */
  logStart: number
  /** How far records may have been deleted, as far as anybody asked for it. */
  deletable: number
}

export class RecordHistory {
  readonly #partitions: readonly PartitionHistory[]
  /** Producers whose records must come in order, and once. */
  readonly #exact = new Set<string>()
  acknowledgedCount = 0
  consumedCount = 0
  endedBrokers = 0

  constructor(partitionCount: number) {
    this.#partitions = Array.from({ length: partitionCount }, () => ({
      known: new Map<number, string>(),
      acknowledged: new Map<number, string>(),
      highWatermark: 0,
      logStart: 0,
      deletable: 0,
    }))
  }

  /** A broker must keep the order of this producer's records, and none of them twice. */
  expectExact(producer: string): void {
    this.#exact.add(producer)
  }

  onAcknowledged(partition: number, offset: number, value: Buffer): void {
    const text = headOf(value)
    const history = this.#of(partition)
    this.#learn(partition, offset, text, 'acknowledged')
    const earlier = history.acknowledged.get(offset)
    if (earlier !== undefined)
      fail(`${at(partition, offset)} acknowledged twice: ${earlier}, ${text}`)
    history.acknowledged.set(offset, text)
    this.acknowledgedCount++
  }

  /** `expected`: the offset after the last record of this consumer; it skips what was deleted. */
  onConsumed({ partition, offset, value }: ConsumedRecord, expected: number | undefined): void {
    const { deletable } = this.#of(partition)
    const mayHaveSkipped = offset > (expected ?? offset) && offset <= deletable
    if (expected !== undefined && offset !== expected && !mayHaveSkipped) {
      fail(`a consumer of partition ${partition} was at ${expected} and got ${offset}`)
    }
    this.#learn(partition, offset, headOf(value), 'consumed')
    this.consumedCount++
  }

  onHighWatermark(partition: number, offset: number): void {
    const history = this.#of(partition)
    if (offset < history.highWatermark) {
      fail(`the end of partition ${partition} went back from ${history.highWatermark} to ${offset}`)
    }
    history.highWatermark = offset
  }

  /** Somebody is about to ask for the records before `offset` to be deleted. */
  onDeletion(partition: number, offset: number): void {
    const history = this.#of(partition)
    history.deletable = Math.max(history.deletable, offset)
  }

  deletable(partition: number): number {
    return this.#of(partition).deletable
  }

  /** The deletion of the records before `offset` was confirmed, and no process has ended since. */
  onDeleted(partition: number, offset: number): void {
    const history = this.#of(partition)
    history.logStart = Math.max(history.logStart, offset)
  }

  /**
   * A broker has ended. Where logs begin is written down once a minute, as in Kafka: it may have
   * forgotten what was deleted last.
   */
  onBrokerEnd(): void {
    this.endedBrokers++
    for (const history of this.#partitions) history.logStart = 0
  }

  /**
   * Where a partition is said to begin. A leader that was replaced and has not heard of it may say
   * where it once began, as in Kafka; what was deleted is compared in the end.
   */
  onLogStart(partition: number, offset: number): void {
    const { deletable } = this.#of(partition)
    if (offset <= deletable) return
    fail(`partition ${partition} begins at ${offset}, and only ${deletable} was asked for`)
  }

  /** Compares everything that a partition holds in the end. */
  check(partition: number, records: readonly ConsumedRecord[]): void {
    const history = this.#of(partition)
    const begin = records[0]?.offset ?? history.deletable
    if (begin > history.deletable || begin < history.logStart) {
      const range = `from ${history.logStart} to ${history.deletable}`
      fail(`partition ${partition} begins at ${begin}, which is not ${range}`)
    }
    const end = (records.at(-1)?.offset ?? begin - 1) + 1
    if (end < history.highWatermark) {
      fail(`partition ${partition} ended at ${history.highWatermark} and now ends at ${end}`)
    }
    const found = new Map(records.map(({ offset, value }) => [offset, headOf(value)]))
    for (const [offset, text] of history.known) {
      if (offset < begin || found.get(offset) === text) continue
      fail(`${at(partition, offset)} was ${text} and is ${found.get(offset) ?? 'gone'}`)
    }
    this.#checkOrder(partition, records)
  }

  #checkOrder(partition: number, records: readonly ConsumedRecord[]): void {
    const last = new Map<string, number>()
    for (const { offset, value } of records) {
      const [producer = '', number = ''] = headOf(value).split(' ')
      if (!this.#exact.has(producer)) continue
      const before = last.get(producer) ?? -1
      if (Number(number) <= before) {
        fail(`${at(partition, offset)} holds ${producer} ${number} after ${before}`)
      }
      last.set(producer, Number(number))
    }
  }

  #learn(partition: number, offset: number, text: string, how: string): void {
    const { known } = this.#of(partition)
    const earlier = known.get(offset)
    if (earlier !== undefined && earlier !== text) {
      fail(`${at(partition, offset)} was ${earlier} and is ${how} as ${text}`)
    }
    known.set(offset, text)
  }

  #of(partition: number): PartitionHistory {
    const history = this.#partitions[partition]
    if (history === undefined) throw new Contradiction(`there is no partition ${partition}`)
    return history
  }
}

/** A value without what fills it. Anything else must not have come from the broker. */
function headOf(value: Buffer | null): string {
  const [, producer, number] = VALUE.exec(value?.toString() ?? '') ?? []
  if (producer === undefined) fail(`a record that nobody has sent: ${value?.toString('hex')}`)
  return `${producer} ${number}`
}

function at(partition: number, offset: number): string {
  return `offset ${offset} of partition ${partition}`
}

function fail(message: string): never {
  throw new Contradiction(message)
}
