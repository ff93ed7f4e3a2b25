// What a dump finds wrong, and how `kafka-dump-log.sh` says it at the end: with whole paths.
import { resolve } from 'node:path'
import { crc32c } from '../wire/records/crc32c.ts'

const SNAPSHOT_CRC_BYTE = 2
const SNAPSHOT_CRC_START = 6

type Pairs = Map<string, (readonly [number, number])[]>

function add(pairs: Pairs, path: string, first: number, second: number): void {
  const absolute = resolve(path)
  const list = pairs.get(absolute) ?? []
  // The tool shows the newest first.
  list.unshift([first, second])
  pairs.set(absolute, list)
}

export class DumpProblems {
  readonly #mismatches: Pairs = new Map()
  readonly #timestamps: Pairs = new Map()
  readonly #unordered: Pairs = new Map()
  readonly #nonConsecutive: Pairs = new Map()
  readonly #notFound: Pairs = new Map()
  readonly #snapshots: string[] = []

  get isEmpty(): boolean {
    return [this.#mismatches, this.#timestamps, this.#unordered].every(({ size }) => size === 0)
  }

  indexMismatch(path: string, indexOffset: number, logOffset: number): void {
    add(this.#mismatches, path, indexOffset, logOffset)
  }

  timestampMismatch(path: string, indexTimestamp: number, logTimestamp: number): void {
    add(this.#timestamps, path, indexTimestamp, logTimestamp)
  }

  timestampOutOfOrder(path: string, indexTimestamp: number, previous: number): void {
    add(this.#unordered, path, indexTimestamp, previous)
  }

  offsetNotFound(path: string, indexOffset: number, logOffset: number): void {
    add(this.#notFound, path, indexOffset, logOffset)
  }

  snapshotDamaged(bytes: Buffer): void {
    if (bytes.length < SNAPSHOT_CRC_START) {
      this.#snapshots.push('Snapshot is corrupt: it ends before its checksum')
      return
    }
    const stored = bytes.readUInt32BE(SNAPSHOT_CRC_BYTE)
    const computed = crc32c(bytes, SNAPSHOT_CRC_START)
    this.#snapshots.push(
      `Snapshot is corrupt (CRC is no longer valid). Stored crc: ${stored}. ` +
        `Computed crc: ${computed}`,
    )
  }

  nonConsecutive(path: string, offset: number, next: number): void {
    add(this.#nonConsecutive, path, offset, next)
  }

  *lines(): Generator<string> {
    yield* this.#snapshots
    for (const [path, pairs] of this.#mismatches) {
      yield `Mismatches in :${path}`
      for (const [index, log] of pairs) yield `  Index offset: ${index}, log offset: ${log}`
    }
    for (const [path, pairs] of this.#timestamps) {
      yield `Found timestamp mismatch in :${path}`
      for (const [index, log] of pairs) yield `  Index timestamp: ${index}, log timestamp: ${log}`
    }
    for (const [path, pairs] of this.#unordered) {
      yield `Found out of order timestamp in :${path}`
      for (const [index, previous] of pairs) {
        yield `  Index timestamp: ${index}, Previously indexed timestamp: ${previous}`
      }
    }
    for (const [, pairs] of this.#notFound) {
      yield 'The following indexed offsets are not found in the log.'
      for (const [index, log] of pairs) {
        yield `Indexed offset: ${index}, found log offset: ${log}`
      }
    }
    for (const [path, pairs] of this.#nonConsecutive) {
      yield `Non-consecutive offsets in ${path}`
      for (const [first, second] of pairs) yield `  ${first} is followed by ${second}`
    }
  }
}
