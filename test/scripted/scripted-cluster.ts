// Several scripted brokers that know of each other: topics, leaders, a controller and a
// coordinator, as a test sets them.
import { Errors } from '../../src/wire/errors.ts'
import { Metadata } from '../../src/wire/messages/03-metadata.ts'
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { ScriptedBroker } from './scripted-broker.ts'
import { SimulatedWorld } from '../../src/testing/simulated/simulated-world.ts'
import type { SimulatedPlatform } from '../../src/testing/simulated/simulated-world.ts'

const PORT = 9092

export class ScriptedCluster {
  readonly world: SimulatedWorld
  readonly brokers: readonly ScriptedBroker[]
  /** Leaders of the partitions of each topic. */
  readonly topics = new Map<string, number[]>()
  controllerId = 0
  coordinatorId = 0

  private constructor(world: SimulatedWorld, brokers: readonly ScriptedBroker[]) {
    this.world = world
    this.brokers = brokers
  }

  /** Brokers 0 to `count` - 1, on machines named broker-0 and so on. */
  static async start(count: number, seed = 1): Promise<ScriptedCluster> {
    const world = new SimulatedWorld({ seed })
    const brokers = Array.from({ length: count }, () => new ScriptedBroker())
    const cluster = new ScriptedCluster(world, brokers)
    for (const [id, broker] of brokers.entries()) {
      cluster.#script(broker)
      await broker.listen(world.machine(`broker-${id}`).platform, PORT)
    }
    return cluster
  }

  /** The machine that clients run on. */
  get platform(): SimulatedPlatform {
    return this.world.machine('client').platform
  }

  get bootstrap(): string {
    return this.brokers.map((_, id) => `broker-${id}:${PORT}`).join(',')
  }

  broker(id: number): ScriptedBroker {
    const broker = this.brokers[id]
    if (broker === undefined) throw new Error(`there is no broker ${id}`)
    return broker
  }

  /** How often all brokers together were asked for an API. */
  count(name: string): number {
    return this.brokers.reduce((sum, broker) => sum + broker.count(name), 0)
  }

  #script(broker: ScriptedBroker): void {
    broker.answer(Metadata, ({ topics }) => ({
      brokers: this.brokers.map((_, nodeId) => ({ nodeId, host: `broker-${nodeId}`, port: PORT })),
      clusterId: 'scripted',
      controllerId: this.controllerId,
      topics: this.#metadata(topics?.map(({ name }) => name ?? '') ?? [...this.topics.keys()]),
    }))
    broker.answer(FindCoordinator, ({ coordinatorKeys }) => {
      const nodeId = this.coordinatorId
      const where = { nodeId, host: `broker-${nodeId}`, port: PORT, errorCode: Errors.NONE }
      return { ...where, coordinators: coordinatorKeys.map((key) => ({ key, ...where })) }
    })
  }

  #metadata(names: readonly string[]) {
    return names.map((name) => {
      const leaders = this.topics.get(name)
      const partitions = (leaders ?? []).map((leaderId, partitionIndex) => ({
        errorCode: leaderId < 0 ? Errors.LEADER_NOT_AVAILABLE : Errors.NONE,
        partitionIndex,
        leaderId,
        replicaNodes: [leaderId],
        isrNodes: [leaderId],
      }))
      const errorCode = leaders === undefined ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.NONE
      return { errorCode, name, partitions }
    })
  }
}
