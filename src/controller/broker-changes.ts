// Follows /brokers/ids: who came, who went, who was restarted in between, who has moved.
import type { BrokerImage } from '../metadata/cluster-image.ts'
import { BROKER_IDS, brokerPath } from '../metadata/znode-paths.ts'
import { decodeBroker } from '../metadata/znodes.ts'
import type { LiveBroker } from './context.ts'
import type { BrokerChannel } from './controller-types.ts'
import type { Machine } from './machine.ts'
import type { Term } from './term.ts'

/** Reads the registrations, with watches on the list and on each. */
export async function readBrokers(term: Term): Promise<Map<number, LiveBroker>> {
  const names = await term.store.children(BROKER_IDS, true)
  const ids = names.map(Number).filter((id) => Number.isInteger(id))
  const nodes = await term.store.readAll(ids.map(brokerPath), true)
  const brokers = new Map<number, LiveBroker>()
  for (const [index, id] of ids.entries()) {
    const read = nodes[index]
    const broker = read === undefined ? undefined : liveBroker(id, read.data, read.stat.czxid)
    if (broker !== undefined) brokers.set(id, broker)
    else if (read !== undefined) term.logger.error(`The registration of broker ${id} is illegible`)
  }
  return brokers
}

function liveBroker(id: number, data: Buffer | null, epoch: number): LiveBroker | undefined {
  const node = decodeBroker(data)
  // A node without data is one that its broker is just about to fill.
  if (node === undefined) return undefined
  const image: BrokerImage = { id, rack: node.rack, endpoints: node.endpoints, epoch }
  return { image, epoch }
}

export class BrokerChanges {
  readonly #machine: Machine
  readonly #channel: BrokerChannel
  readonly #onChange: (brokers: readonly BrokerImage[]) => void

  constructor(
    machine: Machine,
    channel: BrokerChannel,
    onChange: (brokers: readonly BrokerImage[]) => void,
  ) {
    this.#machine = machine
    this.#channel = channel
    this.#onChange = onChange
  }

  /** Takes over all registrations at the start of a term, without consequences. */
  async load(): Promise<void> {
    for (const broker of (await readBrokers(this.#machine.term)).values()) this.#add(broker)
    this.report()
  }

  /** The list of registrations has changed. */
  async onListChange(): Promise<void> {
    const { context } = this.#machine.term
    const found = await readBrokers(this.#machine.term)
    const started: number[] = []
    const bounced: number[] = []
    for (const [id, { epoch }] of found) {
      const known = context.brokers.get(id)
      if (known === undefined) started.push(id)
      else if (epoch > known.epoch) bounced.push(id)
    }
    const failed = [...context.brokers.keys()].filter((id) => !found.has(id))
    if (started.length > 0) await this.#start(started, found)
    if (bounced.length > 0) {
      for (const id of bounced) this.#remove(id)
      await this.#machine.onBrokersFailed(bounced)
      await this.#start(bounced, found)
    }
    if (failed.length > 0) {
      for (const id of failed) this.#remove(id)
      await this.#machine.onBrokersFailed(failed)
    }
    this.report()
  }

  /** The registration of one broker has been written anew: its endpoints may be others. */
  async onNodeChange(id: number): Promise<void> {
    const { context, store } = this.#machine.term
    const known = context.brokers.get(id)
    const read = await store.read(brokerPath(id), true)
    if (known === undefined || read === undefined) return
    const broker = liveBroker(id, read.data, read.stat.czxid)
    if (broker === undefined || broker.epoch !== known.epoch) return
    context.brokers.set(id, broker)
    this.#channel.addBroker(broker.image)
    this.#machine.announce([])
    this.report()
  }

  /** Tells who is registered. */
  report(): void {
    this.#onChange([...this.#machine.term.context.brokers.values()].map(({ image }) => image))
  }

  async #start(ids: readonly number[], found: ReadonlyMap<number, LiveBroker>): Promise<void> {
    for (const id of ids) {
      const broker = found.get(id)
      if (broker !== undefined) this.#add(broker)
    }
    await this.#machine.onBrokersStarted(ids)
  }

  #add(broker: LiveBroker): void {
    const { context, queues } = this.#machine.term
    context.brokers.set(broker.image.id, broker)
    this.#channel.addBroker(broker.image)
    queues.add(broker.image.id)
  }

  #remove(id: number): void {
    const { context, queues } = this.#machine.term
    context.brokers.delete(id)
    context.suspected.delete(id)
    queues.remove(id)
    this.#channel.removeBroker(id)
  }

  /** The end of a term: no broker is spoken to any more. */
  removeAll(): void {
    const { context, queues } = this.#machine.term
    for (const id of context.brokers.keys()) {
      queues.remove(id)
      this.#channel.removeBroker(id)
    }
  }
}
