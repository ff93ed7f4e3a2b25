// Buffers for reads of log files, used again once what was read has been sent. A large buffer that is
// made for each read costs more than the read: the system clears its pages, the collector finds it.
//
// A buffer that nobody gives back is garbage like any other; only one that nobody looks at any more
// may be given back.

const STEP_BYTES = 64 * 1024
/** Larger ones are rare and not kept. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024
const MAX_IDLE_BYTES = 16 * 1024 * 1024

export class ReadMemory {
  readonly #idle = new Map<number, Buffer[]>()
  #idleBytes = 0

  /** At least so many bytes; their content is whatever was there. */
  take(bytes: number): Buffer {
    const size = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES
    const idle = this.#idle.get(size)?.pop()
    if (idle === undefined) return Buffer.allocUnsafeSlow(size)
    this.#idleBytes -= size
    return idle
  }

  /** `buffer` is one that `take` gave. */
  giveBack(buffer: Buffer): void {
    const size = buffer.length
    if (size > MAX_KEPT_BYTES || this.#idleBytes + size > MAX_IDLE_BYTES) return
    const idle = this.#idle.get(size)
    if (idle === undefined) this.#idle.set(size, [buffer])
    else idle.push(buffer)
    this.#idleBytes += size
  }

  /** Bytes that wait to be used again. */
  get idleBytes(): number {
    return this.#idleBytes
  }
}
