// The sockets of this broker: where they are bound, and where clients and brokers are told to look.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { Listener } from '../config/listeners.ts'
import type { Endpoint } from '../metadata/cluster-image.ts'
import { UNLIMITED, type ConnectionLimitSettings } from '../network/connection-limits.ts'
import { Listeners } from '../network/listener.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'

const EVERY_INTERFACE = new Set(['', '0.0.0.0', '::', '[::]'])
const LOOPBACK = '127.0.0.1'

/** A listener could not be bound; the message is one sentence for the operator. */
export class ListenerError extends Error {
  override readonly name = 'ListenerError'
}

/** Binds all `listeners`; nothing is served before `Listeners.serve`. */
export async function bindListeners(
  config: BrokerConfig,
  platform: Platform,
  logger: Logger,
): Promise<Listeners> {
  const unsupported = config.listeners.find(
    ({ securityProtocol }) => securityProtocol !== 'PLAINTEXT',
  )
  if (unsupported !== undefined) {
    throw new ListenerError(
      `listeners: ${unsupported.name} asks for ${unsupported.securityProtocol}; only PLAINTEXT is served so far.`,
    )
  }
  try {
    return await Listeners.bind({
      platform,
      logger,
      endpoints: config.listeners.map(({ name, host, port, securityProtocol }) => ({
        listenerName: name,
        securityProtocol,
        host,
        port,
      })),
      limits: connectionLimits(config),
      maxRequestBytes: config.get('socket.request.max.bytes'),
      maxIdleMs: config.get('connections.max.idle.ms'),
      maxQueuedBytes: config.get('queued.max.request.bytes'),
      backlog: config.get('socket.listen.backlog.size'),
    })
  } catch (error) {
    throw explained(error, config)
  }
}

function explained(error: unknown, config: BrokerConfig): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const reason = error.code === 'EADDRINUSE' ? 'another process uses that port' : error.message
  return new ListenerError(`Cannot listen at ${config.get('listeners')}: ${reason}.`, {
    cause: error,
  })
}

/** `max.connections` and its like, listener overrides included. */
export function connectionLimits(config: BrokerConfig): ConnectionLimitSettings {
  const ofListener = (name: string): BrokerConfig => config.forListener(name)
  const names = config.listeners.map(({ name }) => name)
  return {
    ...UNLIMITED,
    maxConnections: config.get('max.connections'),
    maxConnectionsPerIp: config.get('max.connections.per.ip'),
    perIpOverrides: perIpOverrides(config.get('max.connections.per.ip.overrides')),
    maxCreationRate: config.get('max.connection.creation.rate'),
    maxConnectionsByListener: new Map(
      names.map((name) => [name, ofListener(name).get('max.connections')]),
    ),
    maxCreationRateByListener: new Map(
      names.map((name) => [name, ofListener(name).get('max.connection.creation.rate')]),
    ),
    interBrokerListenerName: config.interBrokerListenerName,
  }
}

/** `host:limit,host:limit` */
function perIpOverrides(text: string): Map<string, number> {
  const overrides = new Map<string, number>()
  for (const item of text.split(',')) {
    const colon = item.lastIndexOf(':')
    if (colon > 0) overrides.set(item.slice(0, colon).trim(), Number(item.slice(colon + 1)))
  }
  return overrides
}

/** What the broker registers: its advertised listeners, with the ports that are really bound. */
export function advertisedEndpoints(
  config: BrokerConfig,
  listeners: Listeners,
): Map<string, Endpoint> {
  return new Map(
    config.advertisedListeners.map(({ name, host, port, securityProtocol }) => [
      name,
      {
        // Other brokers cannot dial "every interface"; without a name, this machine is meant.
        host: EVERY_INTERFACE.has(host) ? LOOPBACK : host,
        port: port === 0 ? (listeners.port(name) ?? 0) : port,
        securityProtocol,
      },
    ]),
  )
}

/** Listeners on every interface that nobody advertised: clients are told what they dialled. */
export function unadvertisedListeners(config: BrokerConfig): Set<string> {
  if (config.isSet('advertised.listeners')) return new Set()
  return new Set(config.listeners.filter(isUnspecific).map(({ name }) => name))
}

function isUnspecific({ host }: Listener): boolean {
  return EVERY_INTERFACE.has(host)
}
