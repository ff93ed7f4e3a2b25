// TCP from the operating system. A socket costs one small object beside Node's own, because a
// broker keeps thousands of idle ones.
//
// Sockets read into one buffer that they share, from which small chunks are copied at once, or
// into the buffer that the receiver names for the rest of a large frame. Node's own way makes an
// allocation outside the heap for each read, and collecting those was the largest single cost of
// a broker under load.
import net from 'node:net'
import type {
  ConnectOptions,
  ListenOptions,
  NetworkListener,
  Socket,
  SocketEvents,
} from '../network.ts'

export const DEFAULT_BACKLOG = 511
const MAPPED_PREFIX = '::ffff:'

/** The IPv4 address when the system wraps one in an IPv6 address. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith(MAPPED_PREFIX) ? address.slice(MAPPED_PREFIX.length) : address
}

/** Where the system puts what it has read when nobody named a better place; used until the callback returns. */
const sharedBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** Node's options of a socket that reads into our buffers; made before the socket that it serves. */
class Reader {
  target: TcpSocket | undefined
  readonly onread = {
    buffer: (): Buffer => this.target?.nextBuffer() ?? sharedBuffer,
    callback: (length: number, buffer: Uint8Array): boolean => {
      this.target?.receive(buffer === sharedBuffer ? copyOf(length) : viewOf(buffer, length))
      // False stops the reading: a pause right after a resume does not always reach the system.
      return this.target?.isPaused !== true
    },
  }
}

/** Small copies share a slab of Node's. */
function copyOf(length: number): Buffer {
  const chunk = Buffer.allocUnsafe(length)
  sharedBuffer.copy(chunk, 0, 0, length)
  return chunk
}

function viewOf(buffer: Uint8Array, length: number): Buffer {
  return Buffer.from(buffer.buffer, buffer.byteOffset, length)
}

/** A write that failed may still be looked at by the system: its memory is not to be used again. */
function whenWithoutError(callback: () => void): (error?: Error | null) => void {
  return (error) => {
    if (!error) callback()
  }
}

export class TcpSocket implements Socket {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  readonly isEncrypted: boolean
  readonly peerName: string | undefined
  readonly #socket: net.Socket
  #events: SocketEvents | undefined
  #error: Error | undefined
  #closed = false
  readonly #ownsReading: boolean
  #isPaused = false
  /** What had been read already when it was paused. */
  #held: Buffer[] = []

  /**
   * With a `reader`, the socket was made to read through it; else it emits its data. `encrypted`:
   * its handshake is done, and who the peer is.
   */
  constructor(
    socket: net.Socket,
    reader?: Reader,
    encrypted?: { readonly peerName: string | undefined },
  ) {
    this.#socket = socket
    this.isEncrypted = encrypted !== undefined
    this.peerName = encrypted?.peerName
    this.#ownsReading = reader !== undefined
    if (reader !== undefined) reader.target = this
    this.remoteAddress = plainAddress(socket.remoteAddress)
    this.remotePort = socket.remotePort ?? 0
    this.localAddress = plainAddress(socket.localAddress)
    this.localPort = socket.localPort ?? 0
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.#closed = true
      this.#events?.onClose(this.#error)
    })
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  listen(events: SocketEvents): void {
    const isFirst = this.#events === undefined
    this.#events = events
    if (this.#closed) {
      queueMicrotask(() => events.onClose(this.#error))
      return
    }
    if (!isFirst) return
    if (this.#ownsReading) this.#socket.resume()
    else this.#socket.on('data', (chunk: Buffer) => this.receive(chunk))
    this.#socket.on('drain', () => this.#events?.onDrain())
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  nextBuffer(): Buffer | undefined {
    return this.#isPaused ? undefined : this.#events?.nextBuffer?.()
  }

  receive(chunk: Buffer): void {
    if (this.#isPaused || this.#events === undefined) this.#held.push(chunk)
    else this.#events.onData(chunk)
  }

  write(buffers: readonly Uint8Array[], onSent?: () => void): boolean {
    const socket = this.#socket
    if (socket.destroyed || socket.writableEnded) return true
    const onWritten = onSent === undefined ? undefined : whenWithoutError(onSent)
    if (buffers.length === 1) {
      const [only] = buffers
      return only === undefined || only.byteLength === 0 || socket.write(only, onWritten)
    }
    const last = buffers.length - 1
    socket.cork()
    for (const [index, buffer] of buffers.entries()) {
      if (buffer.byteLength > 0) socket.write(buffer, index === last ? onWritten : undefined)
    }
    socket.uncork()
    return !socket.writableNeedDrain
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused) {
      const chunk = this.#held.shift()
      if (chunk === undefined) {
        this.#socket.resume()
        return
      }
      this.#events?.onData(chunk)
    }
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

export class TcpListener implements NetworkListener {
  readonly host: string
  readonly port: number
  readonly #server: net.Server

  constructor(server: net.Server) {
    const address = server.address()
    this.#server = server
    this.host = typeof address === 'object' ? plainAddress(address?.address) : ''
    this.port = typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  /** Resolves at once: Node would wait for the open sockets, which are not ours to end. */
  async close(): Promise<void> {
    this.#server.close()
  }
}

export function listen(
  options: ListenOptions,
  onSocket: (socket: Socket) => void,
): Promise<NetworkListener> {
  const server = net.createServer(
    { noDelay: true, keepAlive: true, pauseOnConnect: true },
    (socket) => onSocket(accepted(socket)),
  )
  const { host, port, backlog = DEFAULT_BACKLOG } = options
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, backlog, ...(host ? { host } : {}) }, () => {
      server.off('error', reject)
      // Out of descriptors: the refused connection is the peer's to retry.
      server.on('error', () => {})
      resolve(new TcpListener(server))
    })
  })
}

type Handle = NonNullable<net.SocketConstructorOpts['handle']>

function isHandle(candidate: unknown): candidate is Handle {
  return typeof candidate === 'object' && candidate !== null
}

/**
 * The accepted connection with our way of reading. Node lets only sockets that it connects itself
 * choose a buffer, so the connection moves to a second socket; where that cannot be, it stays.
 */
function accepted(socket: net.Socket): TcpSocket {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (!isHandle(handle)) return new TcpSocket(socket)
  Reflect.set(socket, '_handle', null)
  const reader = new Reader()
  const options = { handle, onread: reader.onread, pauseOnCreate: true }
  return new TcpSocket(new net.Socket(options), reader)
}

export function connect({ host, port, timeoutMs }: ConnectOptions): Promise<Socket> {
  const reader = new Reader()
  const { onread } = reader
  const socket = net.connect({ host, port, noDelay: true, keepAlive: true, onread })
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => {
      const message = `connect ETIMEDOUT ${host}:${port}`
      socket.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }))
    }, timeoutMs)
    const onError = (error: Error): void => {
      clearTimeout(timeout)
      reject(error)
    }
    socket.once('error', onError)
    socket.once('connect', () => {
      clearTimeout(timeout)
      // What comes before somebody listens stays in the system.
      socket.pause()
      const connected = new TcpSocket(socket, reader)
      socket.off('error', onError)
      resolve(connected)
    })
  })
}
