// Brings back the tree from a data directory: the newest whole snapshot, then every logged
// transaction after it. A torn tail is cut off, for it was never acknowledged; a hole before the
// tail is a reason not to start, for it was.
import type { Disk } from '../platform/disk.ts'
import type { Logger } from '../telemetry/logger.ts'
import {
  DirectoryError,
  FILE_HEADER_BYTES,
  FILE_VERSION,
  LOG_MAGIC,
  numberedFiles,
} from './data-files.ts'
import type { NumberedFile } from './data-files.ts'
import { JuteError } from './jute.ts'
import { readLog } from './read-log.ts'
import { decodeSnapshot } from './snapshot.ts'
import { Tree } from './tree.ts'
import type { Change } from './tree.ts'

export interface RecoverOptions {
  readonly disk: Disk
  readonly logger: Logger
  readonly snapshotDirectory: string
  readonly logDirectory: string
  readonly extendedTypes: boolean
  /** Start from an empty tree when there are logs but no snapshot (`snapshot.trust.empty`). */
  readonly trustEmptySnapshot: boolean
}

export interface Recovered {
  readonly tree: Tree
  /** Undefined: there is none yet. */
  readonly snapshotZxid: number | undefined
  readonly entriesSinceSnapshot: number
}

export function recover(options: RecoverOptions): Recovered {
  const { disk, extendedTypes } = options
  const snapshots = numberedFiles(disk, options.snapshotDirectory, 'snapshot')
  const logs = numberedFiles(disk, options.logDirectory, 'log')
  const restored = newestWholeSnapshot(options, snapshots)
  if (restored === undefined) refuseLoss(options, snapshots, logs)
  const tree = restored?.tree ?? Tree.initial({ extendedTypes })
  refuseGap(logs, restored)
  const entriesSinceSnapshot = replay(options, tree, logs)
  return { tree, snapshotZxid: restored?.zxid, entriesSinceSnapshot }
}

function newestWholeSnapshot(
  options: RecoverOptions,
  snapshots: readonly NumberedFile[],
): { tree: Tree; zxid: number } | undefined {
  for (const { path, zxid } of snapshots.toReversed()) {
    try {
      const bytes = options.disk.readFileSync(path)
      const tree = decodeSnapshot(bytes, zxid, { extendedTypes: options.extendedTypes })
      return { tree, zxid }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      options.logger.warn(`Passing over the damaged snapshot ${path}: ${error.message}`)
    }
  }
  return undefined
}

function refuseLoss(
  options: RecoverOptions,
  snapshots: readonly NumberedFile[],
  logs: readonly NumberedFile[],
): void {
  if (logs.length === 0 && snapshots.length === 0) return
  if (options.trustEmptySnapshot && snapshots.length === 0) return
  // The first snapshot is written before anything is acknowledged: a broken one beside no entries
  // is the trace of a crash at the very first start.
  const entries = logs.some(({ path }) => isUsed(options.disk, path))
  if (!entries && snapshots.every(({ zxid }) => zxid === 0)) return
  throw new DirectoryError(
    `${options.snapshotDirectory} has no whole snapshot for its transaction logs; it was left as ` +
      'it is. Bring the snapshot back, or set snapshot.trust.empty=true if there never was one',
  )
}

/** A fallen-back-to snapshot needs the logs since then; purging may have removed them. */
function refuseGap(
  logs: readonly NumberedFile[],
  restored: { tree: Tree; zxid: number } | undefined,
): void {
  const first = logs[0]
  if (first === undefined || restored === undefined || restored.zxid === 0) return
  const epochStart = first.zxid % 0x1_0000_0000 <= 1
  if (first.zxid > restored.zxid + 1 && !epochStart) {
    throw new DirectoryError(
      `transactions between 0x${restored.zxid.toString(16)} and 0x${first.zxid.toString(16)} are ` +
        'missing from the transaction logs',
    )
  }
}

function isUsed(disk: Disk, path: string): boolean {
  let used = false
  readLog(disk, path, () => {
    used = true
  })
  return used
}

function replay(options: RecoverOptions, tree: Tree, logs: readonly NumberedFile[]): number {
  const from = tree.lastZxid
  const changes: Change[] = []
  let count = 0
  for (const [index, log] of logs.entries()) {
    const next = logs[index + 1]
    if (next !== undefined && next.zxid <= from + 1) continue
    const end = readLog(options.disk, log.path, (entry) => {
      if (entry.zxid <= tree.lastZxid) return
      tree.apply(entry, changes)
      changes.length = 0
      count++
    })
    if (next === undefined && end.validBytes > FILE_HEADER_BYTES)
      makeDurable(options, log, end.validBytes)
    if (end.tail === 'clean') continue
    if (next !== undefined && next.zxid > tree.lastZxid + 1) {
      throw new DirectoryError(
        `${log.path} is damaged at byte ${end.validBytes}, and later logs depend on it; nothing ` +
          'was changed. Restore the file from a copy',
      )
    }
    cutTail(options, log, end.validBytes, end.fileBytes)
  }
  return count
}

/**
 * What an ended process wrote but did not sync is about to be seen: it must not vanish any more.
 * Written again, because after a sync that failed the system may hold pages for clean that never
 * reached the disk. A torn header is made whole with it.
 */
function makeDurable(options: RecoverOptions, log: NumberedFile, validBytes: number): void {
  const bytes = options.disk.readFileSync(log.path).subarray(0, validBytes)
  bytes.writeInt32BE(LOG_MAGIC, 0)
  bytes.writeInt32BE(FILE_VERSION, 4)
  const file = options.disk.openSync(log.path, 'write')
  file.writeSync(bytes, 0)
  file.syncSync()
  file.closeSync()
  options.disk.syncDirectorySync(options.logDirectory)
}

function cutTail(
  options: RecoverOptions,
  log: NumberedFile,
  validBytes: number,
  fileBytes: number,
): void {
  options.logger.warn(`Cutting ${fileBytes - validBytes} torn bytes off ${log.path}`)
  if (validBytes <= FILE_HEADER_BYTES) {
    options.disk.removeSync(log.path)
    return
  }
  const file = options.disk.openSync(log.path, 'write')
  file.truncateSync(validBytes)
  file.syncSync()
  file.closeSync()
}
