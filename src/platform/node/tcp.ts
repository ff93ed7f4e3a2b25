// TCP from the operating system. A socket costs one small object beside Node's own, because a
// broker keeps thousands of idle ones.
import net from 'node:net'
import type {
  ConnectOptions,
  ListenOptions,
  Network,
  NetworkListener,
  Socket,
  SocketEvents,
} from '../network.ts'

const DEFAULT_BACKLOG = 511
const MAPPED_PREFIX = '::ffff:'

/** The IPv4 address when the system wraps one in an IPv6 address. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith(MAPPED_PREFIX) ? address.slice(MAPPED_PREFIX.length) : address
}

class TcpSocket implements Socket {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  readonly #socket: net.Socket
  #events: SocketEvents | undefined
  #error: Error | undefined
  #closed = false

  constructor(socket: net.Socket) {
    this.#socket = socket
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
    this.#socket.on('data', (chunk: Buffer) => this.#events?.onData(chunk))
    this.#socket.on('drain', () => this.#events?.onDrain())
  }

  write(buffers: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    if (socket.destroyed || socket.writableEnded) return true
    if (buffers.length === 1) {
      const [only] = buffers
      return only === undefined || only.byteLength === 0 || socket.write(only)
    }
    socket.cork()
    for (const buffer of buffers) if (buffer.byteLength > 0) socket.write(buffer)
    socket.uncork()
    return !socket.writableNeedDrain
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

class TcpListener implements NetworkListener {
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

function listen(
  options: ListenOptions,
  onSocket: (socket: Socket) => void,
): Promise<NetworkListener> {
  const server = net.createServer({ noDelay: true, keepAlive: true }, (socket) =>
    onSocket(new TcpSocket(socket)),
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

function connect({ host, port, timeoutMs }: ConnectOptions): Promise<Socket> {
  const socket = net.connect({ host, port, noDelay: true, keepAlive: true })
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
      const connected = new TcpSocket(socket)
      socket.off('error', onError)
      resolve(connected)
    })
  })
}

export const tcp: Network = { listen, connect }
