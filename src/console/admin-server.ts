// ZooKeeper's admin server over HTTP: a list of commands, and each command's answer as JSON. What
// the answers are is the caller's.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

export interface AdminSources {
  /** Such as `/commands`. */
  readonly path: string
  readonly commands: readonly string[]
  /** JSON, for any name. */
  answer(command: string): string
}

const HEADERS_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 64

export class AdminServer implements AsyncDisposable {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Rejects with the system's code (EADDRINUSE, EACCES). */
  static start(
    address: { readonly host: string | undefined; readonly port: number },
    sources: AdminSources,
  ): Promise<AdminServer> {
    const server = createServer((request, response) => answer(request, response, sources))
    server.headersTimeout = HEADERS_TIMEOUT_MS
    server.requestTimeout = HEADERS_TIMEOUT_MS
    server.maxConnections = MAX_CONNECTIONS
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(address.port, address.host, () => {
        server.off('error', reject)
        resolve(new AdminServer(server))
      })
    })
  }

  get port(): number {
    const address = this.#server.address()
    return address === null || typeof address === 'string' ? 0 : address.port
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }
}

function answer(request: IncomingMessage, response: ServerResponse, sources: AdminSources): void {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(response, 405, 'text/plain', 'only GET is served\n')
  }
  if (path === sources.path || path === `${sources.path}/`) {
    const links = sources.commands.map(
      (name) => `<a href="${sources.path}/${name}">${name}</a>\n<br/>\n`,
    )
    return send(response, 200, 'text/html', links.join(''))
  }
  if (!path.startsWith(`${sources.path}/`)) {
    return send(response, 404, 'text/plain', `the commands are at ${sources.path}\n`)
  }
  send(response, 200, 'application/json', sources.answer(path.slice(sources.path.length + 1)))
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status
  response.setHeader('content-type', type)
  response.end(body)
}
