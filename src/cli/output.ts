// Standard output at the speed of its reader: what is written waits when the reader is slow, and a
// reader that has gone ends the command instead of crashing it.
import type { Writable } from 'node:stream'

export class Output {
  readonly #stream: Writable
  #broken = false

  constructor(stream: Writable) {
    this.#stream = stream
    stream.once('error', this.#onError)
  }

  /** Nobody reads any more. */
  get isBroken(): boolean {
    return this.#broken
  }

  /** Resolves when there is room for more, or never will be. */
  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.#broken || this.#stream.write(chunk) || this.isBroken) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done)
        this.#stream.off('error', done)
        this.#stream.off('close', done)
        resolve()
      }
      this.#stream.on('drain', done)
      this.#stream.on('error', done)
      this.#stream.on('close', done)
    })
  }

  readonly #onError = (): void => {
    this.#broken = true
  }
}
