// What `kafka-dump-log.sh` prints for files of a partition, whatever kind each is.
import { basename } from 'node:path'
import { dumpOffsetIndex, dumpSnapshot, dumpTimeIndex, dumpTransactionIndex } from './dump-index.ts'
import type { DumpIndexOptions } from './dump-index.ts'
import { dumpLog } from './dump-log.ts'
import type { DumpLogOptions, FileReader } from './dump-log.ts'
import { DumpProblems } from './dump-problems.ts'
import {
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  offsetOfFile,
  SNAPSHOT_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './file-names.ts'

export type { DumpIndexOptions, DumpLogOptions, FileReader }

export interface DumpedLine {
  readonly text: string
  /** Found wrong: the tool writes it to standard error. */
  readonly isProblem: boolean
}

/** `open` gives a reader of any path; one beside a dumped index is opened too. */
export function* dumpFiles(
  paths: readonly string[],
  options: DumpLogOptions & DumpIndexOptions,
  open: (path: string) => FileReader,
): Generator<DumpedLine> {
  const problems = new DumpProblems()
  for (const path of paths) {
    for (const text of dumpFile(path, options, open, problems)) yield { text, isProblem: false }
  }
  for (const text of problems.lines()) yield { text, isProblem: true }
}

function* dumpFile(
  path: string,
  options: DumpLogOptions & DumpIndexOptions,
  open: (path: string) => FileReader,
  problems: DumpProblems,
): Generator<string> {
  const name = basename(path)
  const offsetWith = (suffix: string) => offsetOfFile(name, suffix)
  const log = offsetWith(LOG_SUFFIX)
  if (log !== undefined) return yield* dumpLog(open(path), log, options, problems)
  const index = offsetWith(OFFSET_INDEX_SUFFIX)
  const time = offsetWith(TIME_INDEX_SUFFIX)
  const base = index ?? time
  if (base !== undefined) {
    const beside = open(path.slice(0, path.lastIndexOf('.')) + LOG_SUFFIX)
    const dump = index === undefined ? dumpTimeIndex : dumpOffsetIndex
    return yield* dump(path, readWhole(open(path)), base, beside, options, problems)
  }
  const transactions = offsetWith(TRANSACTION_INDEX_SUFFIX)
  if (transactions !== undefined) {
    return yield* dumpTransactionIndex(path, readWhole(open(path)), transactions)
  }
  if (offsetWith(SNAPSHOT_SUFFIX) !== undefined) {
    return yield* dumpSnapshot(path, readWhole(open(path)), problems)
  }
  yield `Ignoring unknown file ${path}`
}

function readWhole(file: FileReader): Buffer {
  return file.read(0, file.sizeBytes)
}
