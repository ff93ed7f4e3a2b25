// Byte streams between processes. `node/` implements it with TCP, `testing/simulated/` with
// queues that delay, cut and reset.

export interface SocketEvents {
  /** The bytes belong to the receiver from now on. */
  onData(chunk: Buffer): void
  /**
   * Where the next bytes may go, so that a large frame arrives in its place without being copied;
   * `onData` then gets a view of it. Asked before each read, which may also use memory of its own.
   */
  nextBuffer?(): Buffer | undefined
  /** Everything written so far has left the process, after `write` had answered false. */
  onDrain(): void
  /** Called once, last. `error` is absent when either side closed in order. */
  onClose(error?: Error): void
}

export interface Socket {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  /** Bytes handed to `write` that have not left the process. */
  readonly bufferedBytes: number
  /** Sets who receives events; data that came before waits for it. */
  listen(events: SocketEvents): void
  /** Sends the buffers as one run of bytes; they must not change afterwards. False: wait for `onDrain`. */
  write(buffers: readonly Uint8Array[]): boolean
  /** Stops `onData` until `resume`, so that the peer is held back by its window. */
  pause(): void
  resume(): void
  /** Closes after everything written has been sent. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

export interface ListenOptions {
  /** Undefined or empty: all interfaces. */
  readonly host?: string | undefined
  /** 0: a free one. */
  readonly port: number
  readonly backlog?: number | undefined
}

export interface NetworkListener {
  readonly host: string
  readonly port: number
  /** Stops accepting; open sockets stay. */
  close(): Promise<void>
}

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
}

export interface Network {
  /** Rejects with the system's code (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
  listen(options: ListenOptions, onSocket: (socket: Socket) => void): Promise<NetworkListener>
  /** Rejects with the system's code (ECONNREFUSED, ETIMEDOUT, ENOTFOUND). */
  connect(options: ConnectOptions): Promise<Socket>
}
