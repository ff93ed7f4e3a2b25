// What is damaged in the directory of one partition, and what a start would do about it.
import { basename, dirname, join } from 'node:path'
import type { Disk } from '../platform/disk.ts'
import * as batch from '../wire/records/batch.ts'
import { batchProblem } from './batch-scan.ts'
import {
  type FileProblem,
  offsetIndexProblem,
  snapshotProblem,
  timeIndexProblem,
  transactionIndexProblem,
  walkedBatches,
} from './check-index.ts'
import { parseEpochs } from './checkpoint-file.ts'
import { readEntry } from './dump-log.ts'
import type { FileReader } from './dump-log.ts'
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  isPartitionFile,
  LEADER_EPOCH_FILE,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  offsetFileName,
  offsetOfFile,
  PARTITION_METADATA_FILE,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './file-names.ts'
import { attempt, damage, note, textOf, type Finding } from './finding.ts'
import { parsePartitionMetadata } from './partition-metadata.ts'
import { lastOffsetOf } from './tail-cache.ts'
import type { PartitionTrial, TrialStart } from './trial-start.ts'

/** A place in a log file from which on it cannot be used as it is. */
interface LogProblem {
  readonly path: string
  readonly byte: number
  readonly problem: string
  /** Of the first record that is in doubt. */
  readonly offset: number
  readonly isGap: boolean
}

export async function* findInPartition(
  disk: Disk,
  trial: TrialStart,
  path: string,
): AsyncGenerator<Finding> {
  const entries = disk.listSync(path)
  const names = entries.filter(({ kind }) => kind === 'file').map(({ name }) => name)
  const outcome = await trial.load(path)
  let isExplained = false
  const harmed = new Set<string>()
  const gapsFrom = trial.wasCompacted(path) ? Infinity : outcome.logStartOffset
  for (const problem of logProblems(disk, path, names, gapsFrom)) {
    isExplained = true
    if (!problem.isGap) harmed.add(problem.path)
    yield logFinding(trial, outcome, problem)
  }
  for (const name of names) {
    for (const finding of checkFile({ disk, trial, names, harmed }, join(path, name))) {
      isExplained ||= finding.severity === 'damage'
      yield finding
    }
  }
  for (const { name, kind } of entries) {
    if (kind !== 'file') yield note(join(path, name), 'is not Kafka’s', 'leaves it alone')
  }
  if (outcome.failure !== undefined) {
    yield damage(path, undefined, outcome.failure, 'takes its log directory offline')
  } else if (!isExplained) {
    for (const warning of outcome.warnings) {
      // Strangers have been named.
      if (!warning.endsWith('left alone')) yield warned(path, warning)
    }
  }
}

/** What only the start has noticed, in its own words. */
function warned(path: string, warning: string): Finding {
  return damage(path, undefined, warning.replace(`${path} `, ''), 'says and does so')
}

// ---- log files

function logFinding(trial: TrialStart, outcome: PartitionTrial, found: LogProblem): Finding {
  const { path, byte, problem, offset, isGap } = found
  const consequence = logConsequence(trial, outcome, found)
  if (isGap && trial.fateOf(path).kind === 'kept') {
    return note(path, `${problem} before offset ${offset}`, consequence)
  }
  return damage(path, byte, problem, consequence)
}

function logConsequence(
  trial: TrialStart,
  { logEndOffset }: PartitionTrial,
  { path, offset, isGap }: LogProblem,
): string {
  const fate = trial.fateOf(path)
  const end = `the log ends at offset ${logEndOffset}`
  if (fate.kind === 'removed') return `removes the file: ${end}`
  if (fate.kind === 'cut' || fate.kind === 'written') {
    const size = fate.kind === 'cut' ? fate.size : 0
    return `cuts the log there, to ${size} bytes of the file: ${end}`
  }
  const why = trial.hadCleanShutdown
    ? 'the directory was left in order'
    : 'it lies below the recovery point'
  const reads = isGap ? 'readers pass over it' : `a read of offset ${offset} is refused`
  return `leaves it as it is, for ${why}; ${reads}`
}

function* logProblems(
  disk: Disk,
  path: string,
  names: readonly string[],
  /** Below the log start, and in compacted logs, nothing has to be there. */
  gapsFrom: number,
): Generator<LogProblem> {
  const bases = names.flatMap((name) => offsetOfFile(name, LOG_SUFFIX) ?? []).sort((a, b) => a - b)
  let next = bases[0] ?? 0
  for (const base of bases) {
    const file = reader(disk, join(path, offsetFileName(base, LOG_SUFFIX)))
    if (base > next && base > gapsFrom && file.sizeBytes > 0) {
      const problem = `offsets ${next} to ${base - 1} are missing`
      yield { path: file.path, byte: 0, problem, offset: base, isGap: true }
    }
    const walk = walkLog(file, Math.max(base, next))
    if (walk.problem !== undefined) yield walk.problem
    // What follows is judged by itself.
    next = walk.problem === undefined ? walk.nextOffset : base
  }
}

interface Walk {
  readonly problem: LogProblem | undefined
  readonly nextOffset: number
}

function walkLog(file: FileReader, firstOffset: number): Walk {
  const { path } = file
  let next = firstOffset
  let position = 0
  /** The last batch that left a gap: its base offset is not covered by its checksum. */
  let jump: { position: number; from: number; to: number } | undefined
  const stop = (byte: number, problem: string, offset: number): Walk => ({
    problem: { path, byte, problem, offset, isGap: false },
    nextOffset: next,
  })
  while (position < file.sizeBytes) {
    const bytes = readEntry(file, position)
    if (bytes === undefined) return stop(position, 'there is no whole batch', next)
    const problem = batchProblem(bytes, 0)
    if (problem !== undefined) return stop(position, problem, next)
    const modern = batch.magic(bytes, 0) === batch.CURRENT_MAGIC
    const first = modern ? batch.baseOffset(bytes, 0) : lastOffsetOf(bytes, 0)
    if (first < next && jump !== undefined && first >= jump.from) {
      const between = `offset ${jump.to} lies between ${jump.from - 1} and ${first}`
      return stop(jump.position, between, jump.from)
    }
    if (first < next) return stop(position, `offset ${first} comes after ${next - 1}`, next)
    if (first > next) jump = { position, from: next, to: first }
    next = lastOffsetOf(bytes, 0) + 1
    position += bytes.length
  }
  return { problem: undefined, nextOffset: next }
}

// ---- other files

interface Around {
  readonly disk: Disk
  readonly trial: TrialStart
  /** Of all files in the directory. */
  readonly names: readonly string[]
  /** Log files that are damaged: what lies beside them need not agree. */
  readonly harmed: ReadonlySet<string>
}

function* checkFile(around: Around, path: string): Generator<Finding> {
  const { disk, names } = around
  const name = basename(path)
  if (!isPartitionFile(name)) return yield note(path, 'is not Kafka’s', 'leaves it alone')
  const leftover = [DELETED_SUFFIX, CLEANED_SUFFIX, '.tmp'].find((end) => name.endsWith(end))
  if (leftover !== undefined) return yield note(path, 'is a leftover', 'removes it')
  if (name.endsWith(SWAP_SUFFIX)) return yield* checkSwap(disk, path)
  if (name === LEADER_EPOCH_FILE) {
    return yield* attempt(path, 'reads the epochs from the batches', () =>
      parseEpochs(textOf(disk, path)),
    )
  }
  if (name === PARTITION_METADATA_FILE) {
    if (parsePartitionMetadata(textOf(disk, path)) !== undefined) return
    return yield damage(path, 0, 'names no topic id', 'learns it from the controller')
  }
  if (offsetOfFile(name, LOG_SUFFIX) !== undefined) return yield* missingIndexes(path, names)
  yield* checkBeside(around, path)
}

function* checkSwap(disk: Disk, path: string): Generator<Finding> {
  const base = offsetOfFile(basename(path), LOG_SUFFIX + SWAP_SUFFIX)
  const problem = base === undefined ? undefined : walkLog(reader(disk, path), base).problem
  const consequence = 'puts it in place of what it was made from'
  if (problem === undefined) yield note(path, 'is a finished compaction', consequence)
  else yield damage(path, problem.byte, problem.problem, consequence)
}

function* missingIndexes(path: string, names: readonly string[]): Generator<Finding> {
  const base = path.slice(0, -LOG_SUFFIX.length)
  for (const suffix of [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX]) {
    if (names.includes(basename(base) + suffix)) continue
    yield note(base + suffix, 'is missing', 'makes it anew')
  }
}

function* checkBeside(around: Around, path: string): Generator<Finding> {
  const { disk, trial, names, harmed } = around
  const name = basename(path)
  const snapshot = offsetOfFile(name, SNAPSHOT_SUFFIX)
  if (snapshot !== undefined) {
    const problem = snapshotProblem(disk.readFileSync(path))
    const consequence = 'removes it when it needs it, and reads the log instead'
    if (problem !== undefined) yield damage(path, problem.byte, problem.problem, consequence)
    return
  }
  const log = path.slice(0, path.lastIndexOf('.')) + LOG_SUFFIX
  if (!names.includes(basename(log))) {
    return yield damage(path, undefined, 'has no log file', 'removes it')
  }
  const found = indexProblem(disk, path, log)
  if (found === undefined || (harmed.has(log) && !found.isFound)) return
  const kind = name.endsWith(TIME_INDEX_SUFFIX) ? 'times' : 'offsets'
  const base = Number(name.slice(0, name.indexOf('.')))
  const consequence =
    found.isFound || trial.recovers(dirname(path), base, names)
      ? 'makes it anew, or who uses it first'
      : `does not notice; look-ups of ${kind} may begin at a wrong place, unless the file is removed`
  yield damage(path, found.byte, found.problem, consequence)
}

function indexProblem(disk: Disk, path: string, logPath: string): FileProblem | undefined {
  const name = basename(path)
  const bytes = disk.readFileSync(path)
  const log = reader(disk, logPath)
  const offset = offsetOfFile(name, OFFSET_INDEX_SUFFIX)
  if (offset !== undefined) {
    return offsetIndexProblem(bytes, offset, walkedBatches(log), log.sizeBytes)
  }
  const time = offsetOfFile(name, TIME_INDEX_SUFFIX)
  if (time !== undefined) return timeIndexProblem(bytes, time, walkedBatches(log))
  const transactions = offsetOfFile(name, TRANSACTION_INDEX_SUFFIX)
  return transactions === undefined ? undefined : transactionIndexProblem(bytes, transactions)
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
