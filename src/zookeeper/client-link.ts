// One connection of a client: bytes to frames and back. It knows nothing of sessions.
import type { Socket, SocketEvents } from '../platform/network.ts'

export interface LinkEvents {
  onFrame(link: ClientLink, frame: Buffer): void
  /** Called once, last. */
  onLost(link: ClientLink): void
}

export class ClientLink implements SocketEvents {
  readonly #socket: Socket
  readonly #events: LinkEvents
  readonly #maxFrameBytes: number
  #parts: Buffer[] = []
  #bytes = 0
  #output: Uint8Array[] = []
  #lost = false

  constructor(socket: Socket, maxFrameBytes: number, events: LinkEvents) {
    this.#socket = socket
    this.#maxFrameBytes = maxFrameBytes
    this.#events = events
    socket.listen(this)
  }

  /** Sends with everything else that this turn brings. */
  send(frame: Uint8Array): void {
    this.#output.push(frame)
    if (this.#output.length === 1) queueMicrotask(() => this.flush())
  }

  flush(): void {
    if (this.#output.length === 0 || this.#lost) return
    const output = this.#output
    this.#output = []
    this.#socket.write(output)
  }

  onData(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#bytes += chunk.length
    let position = 0
    let input = this.#parts.length === 1 ? chunk : undefined
    while (!this.#lost && this.#bytes - position >= 4) {
      input ??= this.#join()
      const length = input.readInt32BE(position)
      if (length < 0 || length > this.#maxFrameBytes) return this.drop()
      if (this.#bytes - position < 4 + length) break
      this.#events.onFrame(this, input.subarray(position + 4, position + 4 + length))
      position += 4 + length
    }
    if (input !== undefined) this.#parts = [input.subarray(position)]
    this.#bytes -= position
  }

  onDrain(): void {
    this.flush()
  }

  onClose(): void {
    if (this.#lost) return
    this.#lost = true
    this.#events.onLost(this)
  }

  /** Gives the connection up at once. */
  drop(): void {
    this.#socket.destroy()
    this.onClose()
  }

  #join(): Buffer {
    const joined = Buffer.concat(this.#parts)
    this.#parts = [joined]
    return joined
  }
}
