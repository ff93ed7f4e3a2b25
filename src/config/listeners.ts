// Where a broker listens and what it tells others: `name://host:port`, separated by commas.
import { ConfigError, require } from './config-error.ts'
import { parseList } from './parse-value.ts'

export const SECURITY_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const
export type SecurityProtocol = (typeof SECURITY_PROTOCOLS)[number]

export interface Listener {
  /** In capitals. */
  readonly name: string
  /** Empty: all interfaces. */
  readonly host: string
  readonly port: number
  readonly securityProtocol: SecurityProtocol
}

// The host may be an IPv6 address in brackets, or missing.
const LISTENER =
  /^([^:/]{1,255}):\/\/(\[[0-9a-zA-Z:%._-]{0,255}\]|[0-9a-zA-Z._-]{0,255}):(-?[0-9]{1,5})$/

const MAP = 'listener.security.protocol.map'

/** Throws ConfigError when it cannot be read. */
export function parseProtocolMap(items: string): Map<string, SecurityProtocol> {
  const map = new Map<string, SecurityProtocol>()
  for (const item of parseList(items)) {
    const colon = item.lastIndexOf(':')
    if (colon < 0) {
      throw new ConfigError(
        `Error parsing configuration property '${MAP}': ${item} is not name:protocol`,
        MAP,
      )
    }
    const name = item.slice(0, colon).trim().toUpperCase()
    const given = item.slice(colon + 1).trim()
    const protocol = securityProtocol(given)
    if (protocol === undefined) {
      throw new ConfigError(`Invalid security protocol \`${given}\` defined in ${MAP}`, MAP)
    }
    map.set(name, protocol)
  }
  return map
}

export function securityProtocol(name: string): SecurityProtocol | undefined {
  return SECURITY_PROTOCOLS.find((one) => one === name.toUpperCase())
}

/** Throws when one cannot be read or has no protocol, or when two share a name. */
export function parseListeners(
  setting: string,
  text: string,
  protocols: ReadonlyMap<string, SecurityProtocol>,
): Listener[] {
  const listeners = parseList(text).map((item) => parseListener(setting, item, text, protocols))
  const names = new Set(listeners.map(({ name }) => name))
  require(names.size ===
    listeners.length, `Each listener must have a different name, listeners: ${text}`)
  return listeners
}

/** Two listeners may share a port only when one has an IPv4 and the other an IPv6 address. */
export function checkPorts(text: string, listeners: readonly Listener[]): void {
  const taken = new Map<number, Listener>()
  for (const listener of listeners) {
    const other = listener.port === 0 ? undefined : taken.get(listener.port)
    require(other === undefined ||
      isIpv6(other.host) !==
        isIpv6(listener.host), `Each listener must have a different port, listeners: ${text}`)
    taken.set(listener.port, listener)
  }
}

function parseListener(
  setting: string,
  item: string,
  text: string,
  protocols: ReadonlyMap<string, SecurityProtocol>,
): Listener {
  const [, name = '', host = '', port = ''] = LISTENER.exec(item) ?? []
  if (name === '') throw refuse(setting, text, `Unable to parse ${item} to a broker endpoint`)
  const upper = name.toUpperCase()
  const protocol = protocols.get(upper)
  if (protocol === undefined) {
    throw refuse(setting, text, `No security protocol defined for listener ${upper}`)
  }
  if (Number(port) < 0 || Number(port) > 65_535) {
    throw refuse(setting, text, `port ${port} is not between 0 and 65535`)
  }
  const plainHost = host.replace(/^\[|\]$/g, '')
  return { name: upper, host: plainHost, port: Number(port), securityProtocol: protocol }
}

function isIpv6(host: string): boolean {
  return host.includes(':')
}

function refuse(setting: string, text: string, reason: string): ConfigError {
  return new ConfigError(`Error creating broker listeners from '${text}': ${reason}`, setting)
}
