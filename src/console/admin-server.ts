// ZooKeeper's admin server over HTTP: a list of commands, and each command's answer as JSON. What
// the answers are is the caller's.
import type { ServerResponse } from 'node:http'
import { HttpListener, send } from './http-listener.ts'

export interface AdminSources {
  /** Such as `/commands`. */
  readonly path: string
  readonly commands: readonly string[]
  /** JSON, for any name. */
  answer(command: string): string
}

const MAX_CONNECTIONS = 64

/** Rejects with the system's code (EADDRINUSE, EACCES). */
export function startAdminServer(
  address: { readonly host: string | undefined; readonly port: number },
  sources: AdminSources,
): Promise<HttpListener> {
  return HttpListener.start({ ...address, maxConnections: MAX_CONNECTIONS }, (path, response) =>
    answer(path, response, sources),
  )
}

function answer(path: string, response: ServerResponse, sources: AdminSources): void {
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
