// How this broker's controller reaches brokers: itself in process, the others over a connection that
// nothing else uses.
import type { BrokerChannel } from '../controller/controller-types.ts'
import type { BrokerImage, Endpoint } from '../metadata/cluster-image.ts'
import {
  LeaderAndIsr,
  type LeaderAndIsrRequest,
  type LeaderAndIsrResponse,
} from '../wire/messages/04-leader-and-isr.ts'
import {
  StopReplica,
  type StopReplicaRequest,
  type StopReplicaResponse,
} from '../wire/messages/05-stop-replica.ts'
import {
  UpdateMetadata,
  type UpdateMetadataRequest,
  type UpdateMetadataResponse,
} from '../wire/messages/06-update-metadata.ts'
import type { BrokerLink } from '../client/broker-link.ts'
import type { ControlRequests } from './control-requests.ts'
import type { PeerLinks } from './peers.ts'

export interface ControlChannelOptions {
  readonly brokerId: number
  readonly own: ControlRequests
  readonly links: PeerLinks
  /** The listener for the controller's requests, or that of the brokers. */
  readonly listenerName: string
}

export class ControlChannel implements BrokerChannel {
  readonly #options: ControlChannelOptions
  // The controller knows a broker before this broker's own metadata does.
  readonly #endpoints = new Map<number, Endpoint>()

  constructor(options: ControlChannelOptions) {
    this.#options = options
  }

  addBroker(broker: BrokerImage): void {
    const endpoint = broker.endpoints.get(this.#options.listenerName)
    if (endpoint === undefined) this.#endpoints.delete(broker.id)
    else this.#endpoints.set(broker.id, endpoint)
  }

  removeBroker(brokerId: number): void {
    this.#endpoints.delete(brokerId)
    this.#options.links.drop(brokerId)
  }

  async leaderAndIsr(
    brokerId: number,
    version: number,
    request: LeaderAndIsrRequest,
  ): Promise<LeaderAndIsrResponse> {
    if (brokerId === this.#options.brokerId) return this.#options.own.leaderAndIsr(request)
    return this.#linkTo(brokerId).request(LeaderAndIsr, version, request)
  }

  async stopReplica(
    brokerId: number,
    version: number,
    request: StopReplicaRequest,
  ): Promise<StopReplicaResponse> {
    if (brokerId === this.#options.brokerId) return this.#options.own.stopReplica(request)
    return this.#linkTo(brokerId).request(StopReplica, version, request)
  }

  async updateMetadata(
    brokerId: number,
    version: number,
    request: UpdateMetadataRequest,
  ): Promise<UpdateMetadataResponse> {
    if (brokerId === this.#options.brokerId) return this.#options.own.updateMetadata(request)
    return this.#linkTo(brokerId).request(UpdateMetadata, version, request)
  }

  #linkTo(brokerId: number): BrokerLink {
    return this.#options.links.to(brokerId, this.#endpoints.get(brokerId))
  }
}
