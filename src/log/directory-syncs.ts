// Syncs of directories that many logs ask for at once, such as the log directory that all of them lie
// in: whoever asks while one runs shares the next, which begins after the names that he wants to keep.
import type { Disk } from '../platform/disk.ts'

export class DirectorySyncs {
  readonly #disk: Pick<Disk, 'syncDirectory'>
  readonly #running = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()

  constructor(disk: Pick<Disk, 'syncDirectory'>) {
    this.#disk = disk
  }

  /** Resolves when the names that are in the directory now are durable. */
  sync(path: string): Promise<void> {
    const next = this.#next.get(path)
    if (next !== undefined) return next
    const running = this.#running.get(path) ?? Promise.resolve()
    const work = running.then(
      () => this.#run(path),
      () => this.#run(path),
    )
    this.#next.set(path, work)
    return work
  }

  #run(path: string): Promise<void> {
    this.#next.delete(path)
    const run = this.#disk.syncDirectory(path)
    this.#running.set(path, run)
    return run
  }
}
