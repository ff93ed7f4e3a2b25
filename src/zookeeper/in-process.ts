// Two ends of a byte stream within the process. Buffers go by reference; they arrive after the
// current turn of the event loop, so that neither side runs inside a call of the other.
import type { Clock } from '../platform/clock.ts'
import type { Socket, SocketEvents } from '../platform/network.ts'

const HIGH_WATER_BYTES = 1024 * 1024

class InProcessSocket implements Socket {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 0
  readonly localAddress = '127.0.0.1'
  readonly localPort = 0
  readonly #clock: Clock
  #peer: InProcessSocket | undefined
  #events: SocketEvents | undefined
  #incoming: Uint8Array[] = []
  #incomingBytes = 0
  #scheduled = false
  #paused = false
  #peerEnded = false
  #ended = false
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  static pair(clock: Clock): [Socket, Socket] {
    const left = new InProcessSocket(clock)
    const right = new InProcessSocket(clock)
    left.#peer = right
    right.#peer = left
    return [left, right]
  }

  get bufferedBytes(): number {
    return this.#peer === undefined ? 0 : this.#peer.#incomingBytes
  }

  listen(events: SocketEvents): void {
    this.#events = events
    this.#schedule()
  }

  write(buffers: readonly Uint8Array[]): boolean {
    const peer = this.#peer
    if (peer === undefined || this.#ended || this.#closed) return true
    for (const buffer of buffers) {
      peer.#incoming.push(buffer)
      peer.#incomingBytes += buffer.length
    }
    peer.#schedule()
    return peer.#incomingBytes < HIGH_WATER_BYTES
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    const peer = this.#peer
    if (peer === undefined) return
    peer.#peerEnded = true
    peer.#schedule()
  }

  destroy(): void {
    if (this.#closed) return
    this.end()
    this.#clock.defer(() => this.#close())
  }

  #schedule(): void {
    if (this.#scheduled || this.#events === undefined || this.#closed) return
    this.#scheduled = true
    this.#clock.defer(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    if (this.#closed || this.#paused) return
    if (this.#incoming.length > 0) {
      const incoming = this.#incoming
      const wasFull = this.#incomingBytes >= HIGH_WATER_BYTES
      this.#incoming = []
      this.#incomingBytes = 0
      for (const bytes of incoming) {
        this.#events?.onData(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      }
      if (wasFull && this.#peer !== undefined) this.#peer.#events?.onDrain()
    }
    // Data that came while the receiver paused itself waits for it to resume.
    if (this.#peerEnded && this.#incoming.length === 0 && !this.#paused) this.#close()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#incoming = []
    this.#incomingBytes = 0
    this.end()
    this.#events?.onClose()
    this.#peer = undefined
  }
}

/** A connected pair; each side must call `listen`. */
export function socketPair(clock: Clock): [Socket, Socket] {
  return InProcessSocket.pair(clock)
}
