// The list of addresses that a client starts from: `host:port,host:port`, IPv6 in brackets.

/** Where a broker listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

const PATTERN = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/

/** The addresses of `host:port,host:port`. Throws an Error that names the one that is wrong. */
export function parseBootstrap(text: string): Address[] {
  const parts = text.split(',').map((part) => part.trim())
  const addresses = parts.filter((part) => part !== '').map(parseAddress)
  if (addresses.length === 0) throw new Error('no bootstrap server is given: expected host:port')
  return addresses
}

function parseAddress(text: string): Address {
  const match = PATTERN.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port < 1 || port > 65_535) {
    throw new Error(`bootstrap server ${text} is not of the form host:port`)
  }
  return { host, port }
}
