// Writes one checkpoint file, durably, one write at a time. Who asks while a write is under way
// shares the next one: its content is made after the request.
import type { Disk } from '../platform/disk.ts'
import { replaceFile } from './atomic-file.ts'

export class CheckpointWriter {
  readonly #disk: Disk
  readonly #path: string
  readonly #content: () => string
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(disk: Disk, path: string, content: () => string) {
    this.#disk = disk
    this.#path = path
    this.#content = content
  }

  /** Resolves when what is true now is durable. */
  write(): Promise<void> {
    if (this.#running === undefined) return this.#start()
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined
        return this.#start()
      })
    return this.#next
  }

  #start(): Promise<void> {
    const running = replaceFile(this.#disk, this.#path, this.#content(), { durable: true })
    this.#running = running.finally(() => {
      this.#running = undefined
    })
    return this.#running
  }
}
