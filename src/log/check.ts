// What is damaged in a log directory, in plain words, without changing anything: for `ottla check`.
// Says what a start of the broker would do about it.
import { basename, dirname, join } from 'node:path'
import type { Disk } from '../platform/disk.ts'
import * as batch from '../wire/records/batch.ts'
import { batchProblem } from './batch-scan.ts'
import { parseEpochs, PartitionOffsets } from './checkpoint-file.ts'
import { readEntry } from './dump-log.ts'
import type { FileReader } from './dump-log.ts'
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  LEADER_EPOCH_FILE,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  offsetOfFile,
  parsePartitionDirectory,
  PARTITION_METADATA_FILE,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './file-names.ts'
import { parseMetaProperties } from './meta-properties.ts'
import { OffsetIndex } from './offset-index.ts'
import { parsePartitionMetadata } from './partition-metadata.ts'
import { decodeSnapshot } from './producer-snapshot.ts'
import { lastOffsetOf } from './tail-cache.ts'
import { TimeIndex } from './time-index.ts'
import { decodeAborted } from './transaction-index.ts'

export interface Finding {
  /** `note`: nothing is wrong with it. */
  readonly severity: 'note' | 'damage'
  readonly path: string
  /** Position in the file where that makes sense. */
  readonly byte: number | undefined
  readonly problem: string
  /** What a start of the broker does about it. */
  readonly consequence: string
}

const CHECKPOINTS = [
  'recovery-point-offset-checkpoint',
  'log-start-offset-checkpoint',
  'replication-offset-checkpoint',
  'cleaner-offset-checkpoint',
]

/** Goes through one of the `log.dirs`. */
export function* checkDirectory(disk: Disk, path: string): Generator<Finding> {
  for (const entry of disk.listSync(path)) {
    const own = join(path, entry.name)
    if (entry.kind === 'directory') yield* checkEntry(disk, own)
    else if (entry.name === 'meta.properties') yield* checkMeta(disk, own)
    else if (CHECKPOINTS.includes(entry.name)) {
      yield* attempt(own, 'is taken as empty', () => PartitionOffsets.parse(textOf(disk, own)))
    }
  }
  if (disk.statSync(join(path, '.kafka_cleanshutdown')) === undefined) {
    yield note(path, 'was not left in order', 'checks its logs from their recovery points on')
  }
}

function* checkEntry(disk: Disk, path: string): Generator<Finding> {
  const parsed = parsePartitionDirectory(basename(path))
  if (parsed === undefined) return yield note(path, 'is no partition', 'leaves it alone')
  if (parsed.kind === 'delete') return yield note(path, 'was deleted', 'removes it')
  if (parsed.kind === 'stray') return yield note(path, 'was set aside', 'leaves it alone')
  yield* checkPartition(disk, path)
}

function* checkMeta(disk: Disk, path: string): Generator<Finding> {
  yield* attempt(path, 'refuses the directory', () => parseMetaProperties(textOf(disk, path), path))
}

/** Goes through the directory of one partition. */
export function* checkPartition(disk: Disk, path: string): Generator<Finding> {
  const names = disk.listSync(path).map(({ name }) => name)
  const bases = names
    .map((name) => offsetOfFile(name, LOG_SUFFIX))
    .filter((offset) => offset !== undefined)
    .sort((a, b) => a - b)
  let next = -1
  for (const base of bases) {
    const file = reader(disk, join(path, fileOf(names, base, LOG_SUFFIX)))
    const walked = walkLog(file, base, next)
    if (walked.finding !== undefined) yield walked.finding
    next = walked.nextOffset
  }
  for (const name of names) yield* checkFile(disk, join(path, name), names)
}

function* checkFile(disk: Disk, path: string, names: readonly string[]): Generator<Finding> {
  const name = basename(path)
  const leftover = [DELETED_SUFFIX, CLEANED_SUFFIX, '.tmp'].find((end) => name.endsWith(end))
  if (leftover !== undefined) return yield note(path, 'is a leftover', 'removes it')
  if (name.endsWith(SWAP_SUFFIX)) {
    return yield note(path, 'is a finished compaction', 'puts it in place')
  }
  if (name === LEADER_EPOCH_FILE) {
    return yield* attempt(path, 'reads the epochs from the batches', () =>
      parseEpochs(textOf(disk, path)),
    )
  }
  if (
    name === PARTITION_METADATA_FILE &&
    parsePartitionMetadata(textOf(disk, path)) === undefined
  ) {
    return yield damage(path, undefined, 'names no topic id', 'learns it from the controller')
  }
  yield* checkIndexFile(disk, path, names)
}

function* checkIndexFile(disk: Disk, path: string, names: readonly string[]): Generator<Finding> {
  const name = basename(path)
  const kinds = [
    [OFFSET_INDEX_SUFFIX, isSoundOffsetIndex, 'makes it anew'],
    [TIME_INDEX_SUFFIX, isSoundTimeIndex, 'makes it anew'],
    [TRANSACTION_INDEX_SUFFIX, isSoundTransactionIndex, 'makes it anew'],
    [SNAPSHOT_SUFFIX, isSoundSnapshot, 'removes it and reads the log instead'],
  ] as const
  for (const [suffix, isSound, consequence] of kinds) {
    const base = offsetOfFile(name, suffix)
    if (base === undefined) continue
    if (suffix !== SNAPSHOT_SUFFIX && !names.includes(fileOf(names, base, LOG_SUFFIX))) {
      return yield damage(path, undefined, 'has no log file', 'removes it')
    }
    if (!isSound(disk, path, base)) yield damage(path, undefined, 'is damaged', consequence)
  }
}

function isSoundOffsetIndex(disk: Disk, path: string, base: number): boolean {
  const log = reader(disk, path.slice(0, -OFFSET_INDEX_SUFFIX.length) + LOG_SUFFIX)
  const index = OffsetIndex.decode(disk.readFileSync(path), base, log.sizeBytes)
  if (index === undefined) return false
  for (let entry = 0; entry < index.count; entry += 1) {
    const found = readEntry(log, index.positionAt(entry))
    if (found === undefined || lastOffsetOf(found, 0) > index.offsetAt(entry)) return false
  }
  return true
}

function isSoundTimeIndex(disk: Disk, path: string, base: number): boolean {
  return TimeIndex.decode(disk.readFileSync(path), base) !== undefined
}

function isSoundTransactionIndex(disk: Disk, path: string, base: number): boolean {
  return decodeAborted(disk.readFileSync(path), base) !== undefined
}

function isSoundSnapshot(disk: Disk, path: string): boolean {
  return decodeSnapshot(disk.readFileSync(path)) !== undefined
}

interface Walked {
  readonly finding: Finding | undefined
  readonly nextOffset: number
}

function walkLog(file: FileReader, base: number, previousEnd: number): Walked {
  let next = Math.max(base, previousEnd)
  let position = 0
  while (position < file.sizeBytes) {
    const bytes = readEntry(file, position)
    const problem = bytes === undefined ? 'no whole batch' : entryProblem(bytes, next)
    if (bytes === undefined || problem !== undefined) {
      const consequence = `cuts the log there, at offset ${next}, unless it lies below the recovery point`
      return {
        finding: damage(file.path, position, problem ?? '', consequence),
        nextOffset: next,
      }
    }
    next = lastOffsetOf(bytes, 0) + 1
    position += bytes.length
  }
  return { finding: undefined, nextOffset: next }
}

function entryProblem(bytes: Buffer, next: number): string | undefined {
  const problem = batchProblem(bytes, 0)
  if (problem !== undefined) return problem
  const modern = batch.magic(bytes, 0) === batch.CURRENT_MAGIC
  const first = modern ? batch.baseOffset(bytes, 0) : lastOffsetOf(bytes, 0)
  return first < next ? `offset ${first} comes after ${next - 1}` : undefined
}

function fileOf(names: readonly string[], base: number, suffix: string): string {
  return names.find((name) => offsetOfFile(name, suffix) === base) ?? ''
}

function reader(disk: Disk, path: string): FileReader {
  const sizeBytes = disk.statSync(path)?.size ?? 0
  return {
    path,
    sizeBytes,
    read(position, length) {
      const target = Buffer.alloc(Math.max(0, Math.min(length, sizeBytes - position)))
      if (target.length === 0) return target
      const file = disk.openSync(path, 'read')
      try {
        return target.subarray(0, file.readSync(target, 0, target.length, position))
      } finally {
        file.closeSync()
      }
    },
  }
}

function textOf(disk: Disk, path: string): string {
  return disk.readFileSync(path).toString()
}

function* attempt(path: string, consequence: string, parse: () => unknown): Generator<Finding> {
  try {
    parse()
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    yield damage(path, undefined, problem.replace(`${path} `, ''), consequence)
  }
}

function note(path: string, problem: string, consequence: string): Finding {
  return { severity: 'note', path, byte: undefined, problem, consequence }
}

function damage(
  path: string,
  byte: number | undefined,
  problem: string,
  consequence: string,
): Finding {
  return { severity: 'damage', path, byte, problem, consequence }
}

/** `/d1/flights-0/….log at byte 512: the checksum does not match; a start cuts the log there` */
export function describeFinding({ path, byte, problem, consequence }: Finding): string {
  const at = byte === undefined ? '' : ` at byte ${byte}`
  const where = `${join(dirname(path), basename(path))}${at}`
  return `${where}: ${problem}; a start ${consequence}`
}
