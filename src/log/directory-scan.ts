// What is in the directory of one log, after the leftovers of an interrupted deletion or compaction
// have been dealt with:
//   .deleted  was on its way out: removed
//   .cleaned  the cleaner had not finished: removed, and with it swaps it may have split off
//   .swap     the cleaner had finished: takes the place of the segments that it was made from
//   .tmp      a small file that was being replaced: removed
import { join } from 'node:path'
import type { Disk } from '../platform/disk.ts'
import * as batch from '../wire/records/batch.ts'
import { scanBatches } from './batch-scan.ts'
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  isPartitionFile,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  offsetFileName,
  offsetOfFile,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './file-names.ts'
import { LazyFile } from './lazy-file.ts'
import type { LogContext } from './log-context.ts'
import { lastOffsetOf } from './tail-cache.ts'

const SEGMENT_SUFFIXES = [
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
]

export interface DirectoryContent {
  /** Ascending. */
  readonly segmentOffsets: readonly number[]
  readonly snapshotOffsets: readonly number[]
  /** Segments that have an index of aborted transactions. */
  readonly transactionOffsets: readonly number[]
}

export async function scanDirectory(
  context: LogContext,
  directory: string,
): Promise<DirectoryContent> {
  const { disk } = context.platform
  let names = fileNames(disk, directory)
  if (names.some(isLeftover)) {
    await settleLeftovers(context, directory, names)
    names = fileNames(disk, directory)
  }
  for (const name of names.filter((one) => !isPartitionFile(one))) {
    context.logger.warn(`${join(directory, name)} is not a file of a partition: left alone`)
  }
  const segmentOffsets = offsetsWith(names, LOG_SUFFIX)
  removeOrphanIndexes(context, directory, names, new Set(segmentOffsets))
  return {
    segmentOffsets,
    snapshotOffsets: offsetsWith(names, SNAPSHOT_SUFFIX),
    transactionOffsets: offsetsWith(names, TRANSACTION_INDEX_SUFFIX),
  }
}

function fileNames(disk: Disk, directory: string): string[] {
  return disk
    .listSync(directory)
    .filter(({ kind }) => kind === 'file')
    .map(({ name }) => name)
}

function offsetsWith(names: readonly string[], suffix: string): number[] {
  const offsets: number[] = []
  for (const name of names) {
    const offset = offsetOfFile(name, suffix)
    if (offset !== undefined) offsets.push(offset)
  }
  return offsets.sort((a, b) => a - b)
}

function isLeftover(name: string): boolean {
  return [DELETED_SUFFIX, CLEANED_SUFFIX, SWAP_SUFFIX, '.tmp'].some((end) => name.endsWith(end))
}

async function settleLeftovers(
  context: LogContext,
  directory: string,
  names: readonly string[],
): Promise<void> {
  const { disk } = context.platform
  const remove = (name: string) => disk.removeSync(join(directory, name))
  const ending = (suffix: string) => names.filter((name) => name.endsWith(suffix))
  for (const name of [...ending(DELETED_SUFFIX), ...ending('.tmp')]) remove(name)
  const cleaned = ending(CLEANED_SUFFIX)
  const lowestCleaned = Math.min(Infinity, ...offsetsWith(cleaned, LOG_SUFFIX + CLEANED_SUFFIX))
  for (const name of cleaned) remove(name)
  const swaps: number[] = []
  for (const offset of offsetsWith(names, LOG_SUFFIX + SWAP_SUFFIX)) {
    if (offset >= lowestCleaned) removeSegmentFiles(disk, directory, offset, SWAP_SUFFIX)
    else swaps.push(offset)
  }
  for (const offset of swaps) await finishSwap(context, directory, names, offset)
  for (const name of fileNames(disk, directory)) if (name.endsWith(SWAP_SUFFIX)) remove(name)
  await disk.syncDirectory(directory)
}

/** Removes the segments that the swap replaces, then gives it its name. Snapshots stay. */
async function finishSwap(
  context: LogContext,
  directory: string,
  names: readonly string[],
  offset: number,
): Promise<void> {
  const { disk } = context.platform
  const lastOffset = await lastOffsetIn(context, swapPath(directory, offset))
  for (const other of offsetsWith(names, LOG_SUFFIX)) {
    if (other >= offset && other <= Math.max(offset, lastOffset)) {
      removeSegmentFiles(disk, directory, other, '')
    }
  }
  await disk.syncDirectory(directory)
  const [log = LOG_SUFFIX, ...indexes] = SEGMENT_SUFFIXES
  for (const suffix of indexes)
    dropSwapSuffix(disk, join(directory, offsetFileName(offset, suffix)))
  await disk.syncDirectory(directory)
  dropSwapSuffix(disk, join(directory, offsetFileName(offset, log)))
}

function dropSwapSuffix(disk: Disk, path: string): void {
  if (disk.statSync(path + SWAP_SUFFIX) !== undefined) disk.renameSync(path + SWAP_SUFFIX, path)
}

function swapPath(directory: string, offset: number): string {
  return join(directory, offsetFileName(offset, LOG_SUFFIX) + SWAP_SUFFIX)
}

async function lastOffsetIn(context: LogContext, path: string): Promise<number> {
  const { disk } = context.platform
  const file = new LazyFile(disk, context.openFiles, path, 'read')
  let last = -1
  const range = { from: 0, to: disk.statSync(path)?.size ?? 0, verify: false }
  try {
    await scanBatches(file, range, (b, p) => {
      last = batch.magic(b, p) === batch.CURRENT_MAGIC ? batch.lastOffset(b, p) : lastOffsetOf(b, p)
    })
  } finally {
    file.close()
  }
  return last
}

function removeSegmentFiles(disk: Disk, directory: string, offset: number, end: string): void {
  for (const suffix of SEGMENT_SUFFIXES) {
    const path = join(directory, offsetFileName(offset, suffix) + end)
    if (disk.statSync(path) !== undefined) disk.removeSync(path)
  }
}

function removeOrphanIndexes(
  context: LogContext,
  directory: string,
  names: readonly string[],
  segments: ReadonlySet<number>,
): void {
  for (const suffix of SEGMENT_SUFFIXES.slice(1)) {
    for (const offset of offsetsWith(names, suffix)) {
      if (segments.has(offset)) continue
      const path = join(directory, offsetFileName(offset, suffix))
      context.logger.warn(`Removed ${path}: there is no log file that belongs to it`)
      context.platform.disk.removeSync(path)
    }
  }
}
