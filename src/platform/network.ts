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
  readonly isEncrypted?: boolean | undefined
  /** With TLS: the subject of the certificate that the peer showed (RFC 2253), when it is believed. */
  readonly peerName?: string | undefined
  /** Bytes handed to `write` that have not left the process. */
  readonly bufferedBytes: number
  /** Sets who receives events; data that came before waits for it. */
  listen(events: SocketEvents): void
  /**
   * Sends the buffers as one run of bytes; they must not change before `onSent`, which is called when
   * they have left the process, if somebody can tell. False: wait for `onDrain`.
   */
  write(buffers: readonly Uint8Array[], onSent?: () => void): boolean
  /** Stops `onData` until `resume`, so that the peer is held back by its window. */
  pause(): void
  resume(): void
  /** Closes after everything written has been sent. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

/** What one side of an encrypted connection shows and believes. */
export interface TlsCredentials {
  /** PEM: the chain, own certificate first. Undefined shows none. */
  readonly certificates?: string | undefined
  /** PEM: the key of the first certificate. */
  readonly privateKey?: string | undefined
  /** PEM of the authorities that are believed. Undefined: those that the system believes. */
  readonly trusted?: readonly string[] | undefined
  /** `TLSv1.2`, `TLSv1.3`; undefined: both. */
  readonly protocols?: readonly string[] | undefined
  /** IANA or OpenSSL names; undefined: the system's. */
  readonly cipherSuites?: readonly string[] | undefined
}

export interface ListenOptions {
  /** Undefined or empty: all interfaces. */
  readonly host?: string | undefined
  /** 0: a free one. */
  readonly port: number
  readonly backlog?: number | undefined
  /** Sockets are handed over encrypted, after the handshake; those that fail it are closed. */
  readonly tls?:
    | (TlsCredentials & { readonly clientCertificate: 'none' | 'wanted' | 'needed' })
    | undefined
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
  /** Resolves once the handshake is done and the peer is believed. */
  readonly tls?: (TlsCredentials & { readonly checkHostName: boolean }) | undefined
}

export interface Network {
  /** Rejects with the system's code (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
  listen(options: ListenOptions, onSocket: (socket: Socket) => void): Promise<NetworkListener>
  /** Rejects with the system's code (ECONNREFUSED, ETIMEDOUT, ENOTFOUND). */
  connect(options: ConnectOptions): Promise<Socket>
}
