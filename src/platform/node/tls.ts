// TLS over the operating system's TCP. Sockets come out of here with their handshake done, so that
// nobody above sees bytes of a peer that is not believed.
import net from 'node:net'
import tls from 'node:tls'
import type {
  ConnectOptions,
  ListenOptions,
  NetworkListener,
  Socket,
  TlsCredentials,
} from '../network.ts'
import { DEFAULT_BACKLOG, TcpListener, TcpSocket } from './tcp.ts'

type ServerSide = NonNullable<ListenOptions['tls']>
type ClientSide = NonNullable<ConnectOptions['tls']>

const HANDSHAKE_MS = 10_000
const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

export function listenEncrypted(
  options: ListenOptions,
  credentials: ServerSide,
  onSocket: (socket: Socket) => void,
): Promise<NetworkListener> {
  const { host, port, backlog = DEFAULT_BACKLOG } = options
  const { clientCertificate } = credentials
  return new Promise((resolve, reject) => {
    const server = tls.createServer(
      {
        ...contextOptions(credentials),
        requestCert: clientCertificate !== 'none',
        rejectUnauthorized: clientCertificate === 'needed',
        handshakeTimeout: HANDSHAKE_MS,
        noDelay: true,
        keepAlive: true,
      },
      (socket) => onSocket(new TcpSocket(socket, undefined, { peerName: peerNameOf(socket) })),
    )
    // A peer that fails the handshake; Node has closed its socket.
    server.on('tlsClientError', () => {})
    server.once('error', reject)
    server.listen({ port, backlog, ...(host ? { host } : {}) }, () => {
      server.off('error', reject)
      server.on('error', () => {})
      resolve(new TcpListener(server))
    })
  })
}

export function connectEncrypted(
  { host, port, timeoutMs }: ConnectOptions,
  credentials: ClientSide,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      ...contextOptions(credentials),
      host,
      port,
      // A name, not an address, may be sent along.
      ...(net.isIP(host) === 0 ? { servername: host } : {}),
      ...(credentials.checkHostName ? {} : { checkServerIdentity: () => undefined }),
    })
    socket.setNoDelay(true).setKeepAlive(true)
    const timeout = setTimeout(() => {
      const message = `connect ETIMEDOUT ${host}:${port}`
      socket.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }))
    }, timeoutMs)
    const onError = (error: Error): void => {
      clearTimeout(timeout)
      reject(error)
    }
    const onClose = (): void => onError(new Error(`${host}:${port} closed during the handshake`))
    socket.once('error', onError)
    socket.once('close', onClose)
    socket.once('secureConnect', () => {
      clearTimeout(timeout)
      const connected = new TcpSocket(socket, undefined, { peerName: peerNameOf(socket) })
      socket.off('error', onError).off('close', onClose)
      resolve(connected)
    })
  })
}

function contextOptions(credentials: TlsCredentials): tls.SecureContextOptions {
  const { certificates, privateKey, trusted, cipherSuites } = credentials
  return {
    ...(certificates === undefined ? {} : { cert: certificates }),
    ...(privateKey === undefined ? {} : { key: privateKey }),
    ...(trusted === undefined ? {} : { ca: [...trusted] }),
    ...(cipherSuites === undefined ? {} : { ciphers: cipherSuites.join(':') }),
    ...versions(credentials.protocols),
  }
}

function versions(protocols: readonly string[] | undefined): tls.SecureContextOptions {
  if (protocols === undefined) return {}
  const wanted = VERSIONS.filter((version) => protocols.includes(version))
  const [minVersion] = wanted
  const maxVersion = wanted.at(-1)
  if (minVersion === undefined || maxVersion === undefined) {
    throw new Error(`none of the TLS versions ${protocols.join(', ')} is known`)
  }
  return { minVersion, maxVersion }
}

/** Node has the most general part first and one a line; RFC 2253 has it last. */
function peerNameOf(socket: tls.TLSSocket): string | undefined {
  if (!socket.authorized) return undefined
  const subject = socket.getPeerX509Certificate()?.subject
  return subject?.split('\n').toReversed().join(',')
}
