// Listeners as the configuration names them: `listeners`, `advertised.listeners`,
// `listener.security.protocol.map`, and which of them are for brokers and for the controller.
// Names are compared without case and kept in capitals, as Kafka does.

export const securityProtocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const
export type SecurityProtocol = (typeof securityProtocols)[number]

/** A setting about listeners that cannot be followed; the message says what is allowed. */
export class EndpointError extends Error {
  readonly key: string

  constructor(key: string, message: string) {
    super(message)
    this.name = 'EndpointError'
    this.key = key
  }
}

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Endpoint {
  readonly listenerName: string
  readonly securityProtocol: SecurityProtocol
  /** Empty: all interfaces. */
  readonly host: string
  readonly port: number
  /** What clients are told; undefined: the address that the client at hand has connected to. */
  readonly advertised: Address | undefined
  /** Whether clients are told of it at all. */
  readonly isAdvertised: boolean
}

export interface Endpoints {
  readonly all: readonly Endpoint[]
  readonly interBroker: Endpoint
  /** The listener that only the controller uses; undefined: it uses that of the brokers. */
  readonly controlPlane: Endpoint | undefined
}

/** The settings, as they stand in server.properties; undefined or empty where they do not. */
export interface EndpointSettings {
  readonly listeners?: string | undefined
  readonly advertisedListeners?: string | undefined
  readonly securityProtocolMap?: string | undefined
  readonly interBrokerListenerName?: string | undefined
  readonly interBrokerSecurityProtocol?: string | undefined
  readonly controlPlaneListenerName?: string | undefined
}

const DEFAULT_LISTENERS = 'PLAINTEXT://:9092'
const LISTENER = /^([^:]+):\/\/(?:\[([0-9a-zA-Z\-%._:]*)\]|([0-9a-zA-Z\-%._]*)):(-?[0-9]+)$/
const META_ADDRESS = '0.0.0.0'

/** Throws EndpointError. */
export function parseEndpoints(settings: EndpointSettings): Endpoints {
  const protocols = parseProtocolMap(settings.securityProtocolMap)
  const listeners = parseListeners('listeners', settings.listeners || DEFAULT_LISTENERS)
  checkPorts(listeners)
  const advertised = settings.advertisedListeners
    ? parseListeners('advertised.listeners', settings.advertisedListeners)
    : undefined
  checkAdvertised(listeners, advertised)
  const controlPlaneName = normalise(settings.controlPlaneListenerName)
  const all = listeners.map(({ name, host, port }) => {
    const address = advertised?.find((listener) => listener.name === name)
    const own = isUnspecific(host) ? undefined : { host, port }
    return {
      listenerName: name,
      securityProtocol: protocolOf(name, protocols),
      host,
      port,
      advertised: address === undefined ? own : { host: address.host, port: address.port },
      isAdvertised: advertised === undefined || address !== undefined,
    }
  })
  const interBroker = findInterBroker(all, settings)
  return { all, interBroker, controlPlane: findControlPlane(all, interBroker, controlPlaneName) }
}

interface Listener extends Address {
  readonly name: string
}

function parseListeners(key: string, text: string): Listener[] {
  const listeners = text.split(',').map((entry) => parseListener(key, entry.trim()))
  const names = new Set(listeners.map(({ name }) => name))
  if (names.size !== listeners.length) {
    throw new EndpointError(
      key,
      `Each listener must have a different name unless you have exactly one listener on IPv4 and ` +
        `the other IPv6 on the same port, ${key}: ${text}`,
    )
  }
  return listeners
}

function parseListener(key: string, entry: string): Listener {
  const match = LISTENER.exec(entry)
  const name = normalise(match?.[1])
  const port = Number(match?.[4])
  if (match === null || name === undefined || port > 65535 || port < 0) {
    throw new EndpointError(key, `Unable to parse ${entry} to a broker endpoint`)
  }
  return { name, host: match[2] ?? match[3] ?? '', port }
}

/** Two listeners may share a port only when it is 0, or one is IPv4 and the other IPv6. */
function checkPorts(listeners: readonly Listener[]): void {
  const byPort = new Map<number, Listener[]>()
  for (const listener of listeners) {
    if (listener.port !== 0)
      byPort.set(listener.port, [...(byPort.get(listener.port) ?? []), listener])
  }
  for (const [port, shared] of byPort) {
    if (shared.length === 1) continue
    const families = new Set(shared.map(({ host }) => (host.includes(':') ? 6 : 4)))
    if (shared.length === 2 && families.size === 2) continue
    throw new EndpointError(
      'listeners',
      `Each listener must have a different port, listeners: ${port}`,
    )
  }
}

function checkAdvertised(
  listeners: readonly Listener[],
  advertised: readonly Listener[] | undefined,
): void {
  const key = 'advertised.listeners'
  for (const { name, host } of advertised ?? []) {
    if (host === META_ADDRESS) {
      throw new EndpointError(
        key,
        `advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. ` +
          `Use a routable IP address.`,
      )
    }
    if (listeners.some((listener) => listener.name === name)) continue
    throw new EndpointError(
      key,
      `advertised.listeners listener names must be equal to or a subset of the ones defined in ` +
        `listeners. Found ${names(advertised ?? [])}. The valid options based on the current ` +
        `configuration are ${names(listeners)}`,
    )
  }
}

function names(listeners: readonly Listener[]): string {
  return listeners.map(({ name }) => name).join(',')
}

function parseProtocolMap(text: string | undefined): ReadonlyMap<string, SecurityProtocol> {
  const key = 'listener.security.protocol.map'
  const map = new Map<string, SecurityProtocol>()
  if (!text) {
    for (const protocol of securityProtocols) map.set(protocol, protocol)
    return map
  }
  for (const entry of text.split(',')) {
    const [name, protocol] = entry.split(':').map((part) => part.trim().toUpperCase())
    if (!name || !isSecurityProtocol(protocol)) {
      throw new EndpointError(
        key,
        `Invalid entry ${entry.trim()} for configuration ${key}: it must be NAME:PROTOCOL, ` +
          `the protocol one of ${securityProtocols.join(', ')}`,
      )
    }
    map.set(name, protocol)
  }
  return map
}

function isSecurityProtocol(text: string | undefined): text is SecurityProtocol {
  return securityProtocols.some((protocol) => protocol === text)
}

function protocolOf(name: string, map: ReadonlyMap<string, SecurityProtocol>): SecurityProtocol {
  const protocol = map.get(name)
  if (protocol !== undefined) return protocol
  throw new EndpointError(
    'listener.security.protocol.map',
    `No security protocol defined for listener ${name}`,
  )
}

function findInterBroker(all: readonly Endpoint[], settings: EndpointSettings): Endpoint {
  const name = normalise(settings.interBrokerListenerName)
  const protocol = settings.interBrokerSecurityProtocol?.trim() || undefined
  if (name !== undefined && protocol !== undefined) {
    throw new EndpointError(
      'inter.broker.listener.name',
      'Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.',
    )
  }
  const wanted = name ?? normalise(protocol) ?? 'PLAINTEXT'
  const found = all.find((endpoint) => endpoint.listenerName === wanted && endpoint.isAdvertised)
  if (found !== undefined) return found
  const valid = all.filter(({ isAdvertised }) => isAdvertised).map((e) => e.listenerName)
  throw new EndpointError(
    'inter.broker.listener.name',
    `inter.broker.listener.name must be a listener name defined in advertised.listeners. ` +
      `The valid options based on currently configured listeners are ${valid.join(',')}`,
  )
}

function findControlPlane(
  all: readonly Endpoint[],
  interBroker: Endpoint,
  name: string | undefined,
): Endpoint | undefined {
  if (name === undefined) return undefined
  const key = 'control.plane.listener.name'
  const found = all.find((endpoint) => endpoint.listenerName === name)
  if (found === undefined) {
    const options = all.map(({ listenerName }) => listenerName).join(',')
    throw new EndpointError(
      key,
      `${key} must be a listener name defined in listeners. ` +
        `The valid options based on currently configured listeners are ${options}`,
    )
  }
  if (found === interBroker) {
    throw new EndpointError(
      key,
      `${key}, when defined, should have a different value from the inter broker listener name. Currently they both have the value ${name}`,
    )
  }
  return found
}

function normalise(name: string | undefined): string | undefined {
  return name?.trim().toUpperCase() || undefined
}

function isUnspecific(host: string): boolean {
  return host === '' || host === META_ADDRESS || host === '::'
}

/** What a client that has come in by `localAddress` is told about a listener bound to `boundPort`. */
export function advertisedAddress(
  endpoint: Endpoint,
  boundPort: number,
  localAddress: string,
): Address {
  const { advertised } = endpoint
  if (advertised === undefined) return { host: plainAddress(localAddress), port: boundPort }
  return advertised.port === 0 ? { host: advertised.host, port: boundPort } : advertised
}

/** IPv4 addresses on a socket for both families come as `::ffff:a.b.c.d`. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
}
