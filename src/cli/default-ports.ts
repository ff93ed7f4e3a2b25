// Moves a port that nobody asked for to a free one when another process has it.
import { createServer } from 'node:net'

const TRIES = 20

/** `wanted` when it is free, else one of the next, else any; undefined when it cannot be told. */
export async function freePort(host: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + TRIES; port++) {
    if (await isFree(host, port)) return port
  }
  return 0
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

export interface MovedPort {
  readonly from: number
  readonly to: number
}

/** The address with a free port, and the move when there was one. */
export async function movedToFreePort(
  address: string,
): Promise<{ address: string; moved: MovedPort | undefined }> {
  const match = /^(.*?)([^/]*):(\d+)$/.exec(address)
  const [, scheme = '', host = '', portText = '0'] = match ?? []
  const from = Number(portText)
  const to = await freePort(host, from)
  if (match === null || to === from) return { address, moved: undefined }
  return { address: `${scheme}${host}:${to}`, moved: { from, to } }
}
