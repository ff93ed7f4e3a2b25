// A connection that costs the load generator as little as possible: frames out as they are, answers
// in as views, matched by order.
import { connect, type Socket } from 'node:net'

export type OnAnswer = (frame: Buffer) => void

export class RawConnection {
  readonly #socket: Socket
  readonly #waiting: OnAnswer[] = []
  #head = 0
  #chunks: Buffer[] = []
  #available = 0
  #wanted = -1

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the broker closed the connection')))
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RawConnection(socket))
      })
    })
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  onFailure: (error: Error) => void = (error) => {
    throw error
  }

  /** `buffers` begin with the frame's size. */
  send(buffers: readonly Buffer[], onAnswer: OnAnswer): void {
    this.#waiting.push(onAnswer)
    if (buffers.length === 1 && buffers[0] !== undefined) {
      this.#socket.write(buffers[0])
      return
    }
    this.#socket.cork()
    for (const buffer of buffers) this.#socket.write(buffer)
    this.#socket.uncork()
  }

  request(buffers: readonly Buffer[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.onFailure = reject
      this.send(buffers, resolve)
    })
  }

  close(): void {
    this.onFailure = () => {}
    this.#socket.destroy()
  }

  #fail(error: Error): void {
    const { onFailure } = this
    this.onFailure = () => {}
    onFailure(error)
  }

  #onData(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#available += chunk.length
    for (;;) {
      if (this.#wanted < 0) {
        if (this.#available < 4) return
        if ((this.#chunks[0]?.length ?? 0) < 4) this.#chunks = [Buffer.concat(this.#chunks)]
        this.#wanted = 4 + (this.#chunks[0]?.readInt32BE(0) ?? 0)
      }
      if (this.#available < this.#wanted) return
      const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)
      if (all === undefined) return
      const frame = all.subarray(4, this.#wanted)
      const rest = all.subarray(this.#wanted)
      this.#chunks = rest.length === 0 ? [] : [rest]
      this.#available = rest.length
      this.#wanted = -1
      this.#answer(frame)
    }
  }

  #answer(frame: Buffer): void {
    const onAnswer = this.#waiting[this.#head++]
    if (this.#head > 1024) {
      this.#waiting.splice(0, this.#head)
      this.#head = 0
    }
    onAnswer?.(frame)
  }
}
