// A small HTTP server on one address: bounded in connections and in how long a request may take, and
// closed without waiting for whoever is still connected.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

export type Answer = (path: string, response: ServerResponse) => void

export interface HttpListenerOptions {
  readonly host: string | undefined
  readonly port: number
  readonly maxConnections: number
}

const REQUEST_TIMEOUT_MS = 10_000

export class HttpListener implements AsyncDisposable {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /**
   * Gives the path of each GET and HEAD to `answer`, and refuses other methods. Rejects with the
   * system's code (EADDRINUSE, EACCES).
   */
  static async start(options: HttpListenerOptions, answer: Answer): Promise<HttpListener> {
    // Node's HTTP takes 12 MB: only a process that serves it loads it.
    const { createServer } = await import('node:http')
    const server = createServer((request, response) => dispatch(request, response, answer))
    server.headersTimeout = REQUEST_TIMEOUT_MS
    server.requestTimeout = REQUEST_TIMEOUT_MS
    server.maxConnections = options.maxConnections
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port, options.host, () => {
        server.off('error', reject)
        resolve(new HttpListener(server))
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function dispatch(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, 'text/plain', 'only GET is served\n')
    return
  }
  answer((request.url ?? '/').split('?', 1)[0] ?? '/', response)
}

/** Sends the whole answer. */
export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status
  response.setHeader('content-type', type)
  response.end(body)
}
