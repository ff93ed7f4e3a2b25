// The broker's HTTP side: metrics for a scraper, and whether the process lives and is ready.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

export interface Readiness {
  readonly ready: boolean
  /** One line for a person: what it is waiting for. */
  readonly detail: string
}

export interface HttpSources {
  /** Prometheus text exposition. */
  metrics(): string
  readiness(): Readiness
}

export interface HttpAddress {
  readonly host: string
  readonly port: number
}

const HEADERS_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 256

/** Serves `/metrics`, `/livez` and `/readyz`. */
export class HttpServer {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Rejects with the system's code (EADDRINUSE, EACCES). */
  static start(address: HttpAddress, sources: HttpSources): Promise<HttpServer> {
    const server = createServer((request, response) => answer(request, response, sources))
    server.headersTimeout = HEADERS_TIMEOUT_MS
    server.requestTimeout = HEADERS_TIMEOUT_MS
    server.maxConnections = MAX_CONNECTIONS
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(address.port, address.host, () => {
        server.off('error', reject)
        resolve(new HttpServer(server))
      })
    })
  }

  get port(): number {
    const address = this.#server.address()
    return address === null || typeof address === 'string' ? 0 : address.port
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }
}

function answer(request: IncomingMessage, response: ServerResponse, sources: HttpSources): void {
  const path = (request.url ?? '/').split('?', 1)[0]
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, 'only GET is served\n')
  } else if (path === '/metrics') {
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    send(response, 200, sources.metrics())
  } else if (path === '/livez') {
    send(response, 200, 'ok\n')
  } else if (path === '/readyz') {
    const { ready, detail } = sources.readiness()
    send(response, ready ? 200 : 503, `${detail}\n`)
  } else {
    send(response, 404, 'here are /metrics, /livez and /readyz\n')
  }
}

function send(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain')
  response.end(body)
}
