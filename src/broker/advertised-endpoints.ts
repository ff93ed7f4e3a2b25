// What brokers a client is told of: those that answer on the listener it came in by. A listener
// without an advertised address is named by the address that the client itself connected to.
import type { ConnectionPeer } from '../network/request-context.ts'
import type { HandlerContext } from './handler-context.ts'

export interface VisibleBroker {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** Brokers with an endpoint on the listener of `connection`. */
export function visibleBrokers(
  context: HandlerContext,
  connection: ConnectionPeer,
): VisibleBroker[] {
  const visible = []
  for (const broker of context.metadata.image.brokers.values()) {
    const endpoint = broker.endpoints.get(connection.listenerName)
    if (endpoint === undefined) continue
    const { host, port } = reachable(context, broker.id, endpoint, connection)
    visible.push({ id: broker.id, host, port, rack: broker.rack })
  }
  return visible
}

function reachable(
  context: HandlerContext,
  brokerId: number,
  endpoint: { readonly host: string; readonly port: number },
  connection: ConnectionPeer,
): { readonly host: string; readonly port: number } {
  const asConnected =
    brokerId === context.brokerId && context.unadvertisedListeners.has(connection.listenerName)
  return asConnected ? { host: connection.localAddress, port: endpoint.port } : endpoint
}
