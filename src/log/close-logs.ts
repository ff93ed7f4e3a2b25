// Closing all logs of a directory. A few make themselves durable, each with some syncs of its own. Many
// write first, and are made durable together where the system can do that: contents, then the
// names of what replaces older files, in the same order as each would for itself.
import type { Disk } from '../platform/disk.ts'
import type { Log } from './log.ts'

/** Logs from which on syncing the whole file system costs less than their own syncs. */
const MANY = 64
const CONCURRENCY = 16

/** What could not be made durable has failed. */
export async function closeLogs(disk: Disk, path: string, logs: Iterable<Log>): Promise<void> {
  const closing: Log[] = []
  const changed: Log[] = []
  for (const log of logs) {
    closing.push(log)
    if (await log.beginClose()) changed.push(log)
  }
  const isDurable = changed.length >= MANY && (await tryTogether(disk, path, changed))
  const end = async (): Promise<void> => {
    for (let log = closing.pop(); log !== undefined; log = closing.pop()) {
      await log.endClose(isDurable)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, end))
}

async function tryTogether(disk: Disk, path: string, logs: readonly Log[]): Promise<boolean> {
  try {
    return await syncTogether(disk, path, logs)
  } catch (error) {
    for (const log of logs) log.fail(error)
    return false
  }
}

/** False: the system has no way to. */
async function syncTogether(disk: Disk, path: string, logs: readonly Log[]): Promise<boolean> {
  for (const log of logs) log.stageEpochs()
  if (!(await disk.syncFileSystem(path))) return false
  for (const log of logs) log.placeEpochs()
  return await disk.syncFileSystem(path)
}
