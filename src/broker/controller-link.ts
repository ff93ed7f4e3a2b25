// What this broker asks of the controller: in process while it is the controller itself, else over
// the connection to the broker that is.
import type { BrokerLink } from '../client/broker-link.ts'
import type { Request, Response } from '../codec/api.ts'
import type { Controller } from '../controller/controller.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { ControlledShutdown } from '../wire/messages/07-controlled-shutdown.ts'
import { CreateTopics } from '../wire/messages/19-create-topics.ts'
import { AlterPartition } from '../wire/messages/56-alter-partition.ts'
import { AllocateProducerIds } from '../wire/messages/67-allocate-producer-ids.ts'

export class ControllerLink {
  readonly #controller: Controller
  readonly #linkTo: (brokerId: number) => BrokerLink

  constructor(controller: Controller, linkTo: (brokerId: number) => BrokerLink) {
    this.#controller = controller
    this.#linkTo = linkTo
  }

  async createTopics(
    body: Request<typeof CreateTopics>,
  ): Promise<{ name: string; error: number }[]> {
    const topics = this.#controller.isActive
      ? await this.#controller.createTopics(body)
      : (await this.#remote().call(CreateTopics, body)).topics
    return topics.map(({ name, errorCode }) => ({ name, error: errorCode }))
  }

  async alterPartition(
    body: Request<typeof AlterPartition>,
  ): Promise<Response<typeof AlterPartition>> {
    if (this.#controller.isActive) {
      return this.#controller.alterPartition(body, AlterPartition.maxVersion)
    }
    return this.#remote().call(AlterPartition, body)
  }

  async allocateProducerIds(
    body: Request<typeof AllocateProducerIds>,
  ): Promise<Response<typeof AllocateProducerIds>> {
    if (this.#controller.isActive) return this.#controller.allocateProducerIds(body)
    return this.#remote().call(AllocateProducerIds, body)
  }

  async controlledShutdown(
    body: Request<typeof ControlledShutdown>,
  ): Promise<Response<typeof ControlledShutdown>> {
    if (this.#controller.isActive) return this.#controller.controlledShutdown(body)
    return this.#remote().call(ControlledShutdown, body)
  }

  #remote(): BrokerLink {
    const { controllerId } = this.#controller
    if (controllerId < 0) throw new KafkaError(Errors.NOT_CONTROLLER, 'No controller is known.')
    return this.#linkTo(controllerId)
  }
}
