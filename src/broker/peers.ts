// The other brokers of the cluster, over the inter-broker listener. Each purpose has a connection of
// its own, so that a long fetch does not hold up a request of the controller.
import { BrokerLink } from '../client/broker-link.ts'
import type { Endpoint } from '../metadata/cluster-image.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { Platform } from '../platform/platform.ts'
import type { LeaderConnector, LeaderEndpoint } from '../replication/leader-endpoint.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { Fetch } from '../wire/messages/01-fetch.ts'
import { ListOffsets } from '../wire/messages/02-list-offsets.ts'

export interface PeersOptions {
  readonly brokerId: number
  readonly platform: Platform
  readonly metadata: MetadataCache
  readonly interBrokerListener: string
  readonly requestTimeoutMs: number
}

export class Peers implements LeaderConnector {
  readonly #options: PeersOptions
  readonly #controllerLinks: PeerLinks

  constructor(options: PeersOptions) {
    this.#options = options
    this.#controllerLinks = this.#links(`broker-${options.brokerId}-to-controller`)
  }

  /** The connection for what this broker asks of the controller. */
  linkTo(brokerId: number): BrokerLink {
    return this.#controllerLinks.to(brokerId)
  }

  connect(brokerId: number): LeaderEndpoint {
    const links = this.#links(`broker-${this.#options.brokerId}-fetcher`, true)
    return {
      fetch: (version, request) => links.to(brokerId).request(Fetch, version, request),
      listOffsets: (request) =>
        links.to(brokerId).request(ListOffsets, ListOffsets.maxVersion, request),
      close: () => links.close(),
    }
  }

  /** Connections of their own for the requests of a controller. */
  links(clientId: string): PeerLinks {
    return this.#links(clientId)
  }

  close(): void {
    this.#controllerLinks.close()
  }

  #links(clientId: string, reusesMemory = false): PeerLinks {
    return new PeerLinks(clientId, this.#options, reusesMemory)
  }
}

/** One connection to each broker, made anew when the broker has moved. */
export class PeerLinks {
  readonly #clientId: string
  readonly #options: PeersOptions
  readonly #links = new Map<number, BrokerLink>()
  readonly #reusesMemory: boolean

  constructor(clientId: string, options: PeersOptions, reusesMemory: boolean) {
    this.#clientId = clientId
    this.#options = options
    this.#reusesMemory = reusesMemory
  }

  /** Throws BROKER_NOT_AVAILABLE when the broker is not known, or not on this listener. */
  to(brokerId: number, endpoint: Endpoint | undefined = this.#endpointOf(brokerId)): BrokerLink {
    if (endpoint === undefined) {
      throw new KafkaError(Errors.BROKER_NOT_AVAILABLE, `Broker ${brokerId} is not known.`)
    }
    const known = this.#links.get(brokerId)
    if (known?.host === endpoint.host && known.port === endpoint.port) return known
    known?.close()
    const { platform, requestTimeoutMs } = this.#options
    const { host, port } = endpoint
    const reusesMemory = this.#reusesMemory
    const clientId = this.#clientId
    const options = { host, port, clientId, requestTimeoutMs, reusesMemory }
    const link = new BrokerLink(options, platform)
    this.#links.set(brokerId, link)
    return link
  }

  drop(brokerId: number): void {
    this.#links.get(brokerId)?.close()
    this.#links.delete(brokerId)
  }

  close(): void {
    for (const brokerId of this.#links.keys()) this.drop(brokerId)
  }

  #endpointOf(brokerId: number): Endpoint | undefined {
    const { metadata, interBrokerListener } = this.#options
    return metadata.image.brokers.get(brokerId)?.endpoints.get(interBrokerListener)
  }
}
