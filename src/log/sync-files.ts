// Durability of small files beside a log file.
import type { Disk } from '../platform/disk.ts'

/** How many at a time: the disk takes several syncs together for little more than one. */
const AT_A_TIME = 4

/** Makes the content of files durable. Those that were removed need nothing. */
export async function syncFiles(disk: Disk, paths: readonly string[]): Promise<void> {
  for (let from = 0; from < paths.length; from += AT_A_TIME) {
    await Promise.all(paths.slice(from, from + AT_A_TIME).map((path) => syncFile(disk, path)))
  }
}

async function syncFile(disk: Disk, path: string): Promise<void> {
  if (disk.statSync(path) === undefined) return
  const file = await disk.open(path, 'write')
  try {
    await file.sync()
  } finally {
    file.closeSync()
  }
}
