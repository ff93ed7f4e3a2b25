// What a dump finds wrong, and how `kafka-dump-log.sh` says it at the end.

type Pairs = Map<string, (readonly [number, number])[]>

function add(pairs: Pairs, path: string, first: number, second: number): void {
  const list = pairs.get(path) ?? []
  // The tool shows the newest first.
  list.unshift([first, second])
  pairs.set(path, list)
}

export class DumpProblems {
  readonly #mismatches: Pairs = new Map()
  readonly #timestamps: Pairs = new Map()
  readonly #unordered: Pairs = new Map()
  readonly #nonConsecutive: Pairs = new Map()

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

  nonConsecutive(path: string, offset: number, next: number): void {
    add(this.#nonConsecutive, path, offset, next)
  }

  *lines(): Generator<string> {
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
    for (const [path, pairs] of this.#nonConsecutive) {
      yield `Non-consecutive offsets in ${path}`
      for (const [first, second] of pairs) yield `  ${first} is followed by ${second}`
    }
  }
}
