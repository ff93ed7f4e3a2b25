// Durability of small files beside a log file.
import type { Disk } from '../platform/disk.ts'

/** Makes the content of files durable. Those that were removed need nothing. */
export async function syncFiles(disk: Disk, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (disk.statSync(path) === undefined) continue
    const file = await disk.open(path, 'write')
    try {
      await file.sync()
    } finally {
      file.closeSync()
    }
  }
}
