// One raw connection to a broker, for tests that say what goes over the wire: any version, any
// bytes, and whether the broker answers, stays silent or closes.
import { connect, type Socket } from 'node:net'
import type { Api } from '../../src/codec/api.ts'
import { decodeResponseHeader, encodeRequest } from '../../src/wire/messages/headers.ts'

export const CLIENT_ID = 'wire'

export interface Address {
  readonly host: string
  readonly port: number
}

interface Waiter {
  readonly settle: (frame: Buffer | undefined) => void
}

const ANSWER_WITHIN_MS = 20_000

export class Wire implements Disposable {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  readonly #frames: Buffer[] = []
  readonly #waiters: Waiter[] = []
  #isClosed = false
  #correlationId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('error', () => this.#onClose())
    socket.on('close', () => this.#onClose())
  }

  static open({ host, port }: Address): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new Wire(socket)))
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The decoded answer; an error when the broker closes or stays silent. */
  async ask<Q, QI, S, SI>(api: Api<Q, QI, S, SI>, version: number, request: QI): Promise<S> {
    this.send(api, version, request)
    const frame = await this.frame(ANSWER_WITHIN_MS)
    if (frame === undefined) {
      const what = this.#isClosed ? 'closed the connection' : 'did not answer'
      throw new Error(`the broker ${what}: ${api.name} v${version}`)
    }
    const { bodyPosition } = decodeResponseHeader(api, version, frame)
    return api.response.decode(version, frame, bodyPosition)
  }

  /** Sends without waiting for the answer. */
  send<Q, QI, S, SI>(api: Api<Q, QI, S, SI>, version: number, request: QI): void {
    const id = this.#correlationId++
    this.sendFrame(Buffer.concat(encodeRequest(api, version, id, CLIENT_ID, request)))
  }

  sendFrame(frame: Buffer): void {
    const size = Buffer.alloc(4)
    size.writeInt32BE(frame.length)
    this.sendBytes(Buffer.concat([size, frame]))
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** The next answer without its size; undefined: closed, or silent for that long. */
  frame(timeoutMs: number): Promise<Buffer | undefined> {
    const ready = this.#frames.shift()
    if (ready !== undefined || this.#isClosed) return Promise.resolve(ready)
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        resolve(undefined)
      }, timeoutMs)
      const waiter = {
        settle: (frame: Buffer | undefined) => {
          clearTimeout(timer)
          resolve(frame)
        },
      }
      this.#waiters.push(waiter)
    })
  }

  /** What the broker does next: it answers, closes, or neither for that long. */
  async outcome(timeoutMs: number): Promise<'answered' | 'closed' | 'silent'> {
    const frame = await this.frame(timeoutMs)
    if (frame !== undefined) return 'answered'
    return this.#isClosed ? 'closed' : 'silent'
  }

  close(): void {
    this.#socket.destroy()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0)
      if (this.#received.length < end) return
      this.#onFrame(this.#received.subarray(4, end))
      this.#received = this.#received.subarray(end)
    }
  }

  #onFrame(frame: Buffer): void {
    const waiter = this.#waiters.shift()
    if (waiter === undefined) this.#frames.push(frame)
    else waiter.settle(frame)
  }

  #onClose(): void {
    this.#isClosed = true
    for (const waiter of this.#waiters.splice(0)) waiter.settle(undefined)
  }
}
