// One end of a connection between two simulated machines.
//
// Bytes travel as packets through a link that keeps their order; a packet that is held up holds up
// those behind it, as TCP does. A receiver that has paused fills the window and holds the sender.

import type { Socket, SocketEvents } from '../../platform/network.ts'

/** Bytes on the way, and unread at the other end, before `write` answers false. */
const WINDOW_BYTES = 256 * 1024

export type Packet =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }

/** Takes packets to the other end, in order, when the link lets them. */
export interface Carrier {
  send(packet: Packet): void
}

export interface Address {
  readonly host: string
  readonly port: number
}

export class SimulatedSocket implements Socket {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  readonly #carrier: Carrier
  #peer: SimulatedSocket | undefined
  #events: SocketEvents | undefined
  #unread: Buffer[] = []
  #inFlight = 0
  #mustDrain = false
  #isPaused = false
  #sentEnd = false
  #gotEnd = false
  #closedBy: { readonly error: Error | undefined } | undefined
  #hasToldClose = false

  constructor(local: Address, remote: Address, carrier: Carrier) {
    this.localAddress = local.host
    this.localPort = local.port
    this.remoteAddress = remote.host
    this.remotePort = remote.port
    this.#carrier = carrier
  }

  get bufferedBytes(): number {
    return this.#inFlight
  }

  get isClosed(): boolean {
    return this.#closedBy !== undefined
  }

  join(peer: SimulatedSocket): void {
    this.#peer = peer
  }

  listen(events: SocketEvents): void {
    this.#events = events
    queueMicrotask(() => this.#deliver())
  }

  write(buffers: readonly Uint8Array[]): boolean {
    if (this.isClosed || this.#sentEnd) return true
    const bytes = Buffer.concat(buffers)
    if (bytes.length === 0) return true
    this.#inFlight += bytes.length
    this.#carrier.send({ kind: 'bytes', bytes })
    this.#mustDrain = this.#inFlight >= WINDOW_BYTES
    return !this.#mustDrain
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    queueMicrotask(() => this.#deliver())
  }

  end(): void {
    if (this.#sentEnd || this.isClosed) return
    this.#sentEnd = true
    this.#carrier.send({ kind: 'end' })
    if (this.#gotEnd) this.#close(undefined)
  }

  destroy(): void {
    if (this.isClosed) return
    if (!this.#sentEnd) this.#carrier.send({ kind: this.#unread.length > 0 ? 'reset' : 'end' })
    this.#sentEnd = true
    this.#close(undefined)
  }

  /** The connection breaks at this end, with an error that has a code. */
  fail(error: Error): void {
    this.#unread = []
    this.#close(error)
  }

  /** The machine has gone: nobody here is told anything any more. */
  vanish(): void {
    this.#events = undefined
    this.#hasToldClose = true
    this.#close(undefined)
  }

  receive(packet: Packet): void {
    if (this.isClosed) {
      if (packet.kind === 'bytes') this.#carrier.send({ kind: 'reset' })
      return
    }
    if (packet.kind === 'reset') {
      this.fail(socketError('ECONNRESET', 'the peer has reset the connection'))
      return
    }
    if (packet.kind === 'bytes') this.#unread.push(packet.bytes)
    else this.#gotEnd = true
    this.#deliver()
  }

  #deliver(): void {
    while (!this.#isPaused && this.#events !== undefined) {
      const bytes = this.#unread.shift()
      if (bytes === undefined) break
      this.#peer?.onRead(bytes.length)
      this.#events.onData(bytes)
    }
    if (this.#gotEnd && this.#unread.length === 0 && !this.isClosed) this.#closeInOrder()
    if (this.isClosed) this.#tellClose()
  }

  #closeInOrder(): void {
    if (!this.#sentEnd) this.#carrier.send({ kind: 'end' })
    this.#sentEnd = true
    this.#close(undefined)
  }

  /** The other end has taken so many bytes. */
  onRead(count: number): void {
    this.#inFlight -= count
    if (!this.#mustDrain || this.#inFlight > WINDOW_BYTES / 2 || this.isClosed) return
    this.#mustDrain = false
    queueMicrotask(() => {
      if (!this.isClosed) this.#events?.onDrain()
    })
  }

  #close(error: Error | undefined): void {
    if (this.isClosed) return
    this.#closedBy = { error }
    queueMicrotask(() => this.#tellClose())
  }

  #tellClose(): void {
    if (this.#hasToldClose || this.#events === undefined || this.#closedBy === undefined) return
    this.#hasToldClose = true
    this.#events.onClose(this.#closedBy.error)
  }
}

export function socketError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}
