// An exclusive lock on a file that the system gives back when the process dies, however it dies.
//
// Node cannot lock files, but its SQLite can: an exclusive transaction on an empty file takes a
// POSIX lock (LockFileEx on Windows) and writes nothing. Apache Kafka locks the same `.lock` file
// with fcntl over all bytes, so each sees the other's lock. Nobody may open and close the file by
// other means in this process: POSIX would drop the lock.
import type { DatabaseSync } from 'node:sqlite'
import type { DiskLock } from '../disk.ts'
import { diskError } from '../disk-error.ts'

const SQLITE_BUSY = 5

/** Rejects with ELOCKED when this process, another one, or a JVM holds the lock of `path`. */
export async function lockFile(path: string): Promise<DiskLock> {
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // A journal in memory, because the one beside the file would be a stranger in a log directory.
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) throw diskError('ELOCKED', 'locked by another process', path)
    throw error
  }
  held.add(database)
  return { release: () => release(database) }
}

/** Keeps locks from being collected together with a handle that their owner has forgotten. */
const held = new Set<DatabaseSync>()

async function release(database: DatabaseSync): Promise<void> {
  if (!database.isOpen) return
  held.delete(database)
  database.close()
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
