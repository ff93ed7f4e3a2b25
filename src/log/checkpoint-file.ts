// The text checkpoints of a log directory and of a partition:
//   0                        version
//   2                        number of lines that follow
//   flights 0 1042           topic partition offset   (or: epoch startOffset)
// What cannot be parsed is treated as absent by the callers, who rebuild or start from nothing.

const VERSION = '0'

/** Thrown for content that is not a checkpoint; the message says which line. */
export class CheckpointFormatError extends Error {}

function formatLines(lines: readonly string[]): string {
  return `${VERSION}\n${lines.length}\n${lines.map((line) => `${line}\n`).join('')}`
}

/** An empty file is what Kafka leaves before there is anything to write. */
function parseLines(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines[0] !== VERSION) throw new CheckpointFormatError(`line 1: version ${lines[0] ?? ''}`)
  const count = Number(lines[1])
  if (!Number.isSafeInteger(count)) throw new CheckpointFormatError(`line 2: ${lines[1] ?? ''}`)
  if (lines.length !== count + 2) {
    throw new CheckpointFormatError(`${lines.length - 2} lines where ${count} are announced`)
  }
  return lines.slice(2)
}

/** Offsets per topic and partition. */
export class PartitionOffsets {
  readonly #topics = new Map<string, Map<number, number>>()

  get(topic: string, partition: number): number | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  set(topic: string, partition: number, offset: number): void {
    let partitions = this.#topics.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.#topics.set(topic, partitions)
    }
    partitions.set(partition, offset)
  }

  delete(topic: string, partition: number): void {
    const partitions = this.#topics.get(topic)
    if (partitions === undefined) return
    partitions.delete(partition)
    if (partitions.size === 0) this.#topics.delete(topic)
  }

  format(): string {
    const lines: string[] = []
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, offset] of partitions) lines.push(`${topic} ${partition} ${offset}`)
    }
    return formatLines(lines)
  }

  static parse(text: string): PartitionOffsets {
    const offsets = new PartitionOffsets()
    for (const [index, line] of parseLines(text).entries()) {
      const match = /^(\S+) (\d+) (-?\d+)$/.exec(line)
      if (match === null) throw new CheckpointFormatError(`line ${index + 3}: ${line}`)
      offsets.set(match[1] ?? '', Number(match[2]), Number(match[3]))
    }
    return offsets
  }
}

export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

export function formatEpochs(entries: readonly EpochEntry[]): string {
  return formatLines(entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`))
}

export function parseEpochs(text: string): EpochEntry[] {
  return parseLines(text).map((line, index) => {
    const match = /^(\d+) (\d+)$/.exec(line)
    if (match === null) throw new CheckpointFormatError(`line ${index + 3}: ${line}`)
    return { epoch: Number(match[1]), startOffset: Number(match[2]) }
  })
}
