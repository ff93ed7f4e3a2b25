// The broker's HTTP side: metrics for a scraper, and whether the process lives and is ready.
import { HttpListener, send } from './http-listener.ts'

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

const MAX_CONNECTIONS = 256
const PLAIN = 'text/plain'
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8'

/** Serves `/metrics`, `/livez` and `/readyz`. Rejects with the system's code (EADDRINUSE, EACCES). */
export function startHttpServer(address: HttpAddress, sources: HttpSources): Promise<HttpListener> {
  return HttpListener.start({ ...address, maxConnections: MAX_CONNECTIONS }, (path, response) => {
    if (path === '/metrics') send(response, 200, EXPOSITION, sources.metrics())
    else if (path === '/livez') send(response, 200, PLAIN, 'ok\n')
    else if (path === '/readyz') {
      const { ready, detail } = sources.readiness()
      send(response, ready ? 200 : 503, PLAIN, `${detail}\n`)
    } else send(response, 404, PLAIN, 'here are /metrics, /livez and /readyz\n')
  })
}
