// Three brokers as processes under load, round after round: whichever is killed, stopped, frozen or
// cut off, clients go on; in the end every record is there once, in order, the group has read all of
// them, and the preferred replicas lead.
//
//   npm run faults -- [--rounds=20] [--seed=N]
//
// The first rounds take the faults in their order; with more rounds than faults the seed chooses.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import type { TopicMetadata } from '../../src/client/topic-metadata.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { readBack } from '../support/read-back.ts'
import { until } from '../support/until.ts'
import { EMBEDDED_FAULTS, FAULTS, type Fault, type Roles } from './faults.ts'
import { IDS, ProcessCluster } from './process-cluster.ts'
import { GROUP, PARTITIONS, SteadyLoad, TOPIC } from '../support/steady-load.ts'

/** Longer than a session and a request may take to run out, on a busy machine. */
const PATIENCE_MS = 60_000
const RECORDS_BETWEEN = 200
const OFFSETS_TOPIC = '__consumer_offsets'
/** One cluster in five rounds has its ZooKeeper in a broker. */
const EMBEDDED_SHARE = 5

class Rounds {
  readonly #cluster: ProcessCluster
  readonly #client: KafkaClient
  readonly #load: SteadyLoad

  private constructor(cluster: ProcessCluster, client: KafkaClient) {
    this.#cluster = cluster
    this.#client = client
    this.#load = new SteadyLoad(cluster.bootstrap)
  }

  /** Runs the faults on a cluster, one after the other, and checks what is there in the end. */
  static async run(cluster: ProcessCluster, faults: readonly Fault[]): Promise<void> {
    const client = new KafkaClient({
      platform: nodePlatform(),
      bootstrap: cluster.bootstrap,
      clientId: 'faults',
      requestTimeoutMs: 3_000,
    })
    await until(
      async () => {
        await client.refresh([])
        return client.brokers.length === IDS.length
      },
      'three brokers',
      PATIENCE_MS,
    )
    const configs = { 'min.insync.replicas': '2' }
    const topic = { name: TOPIC, partitions: PARTITIONS, replicationFactor: 3, configs }
    assert.equal((await new Admin(client).createTopics([topic]))[0]?.errorCode, 0)
    const rounds = new Rounds(cluster, client)
    for (const fault of faults) await rounds.#round(fault)
    await rounds.#end()
    client.close()
  }

  async #round(fault: Fault): Promise<void> {
    const began = performance.now()
    await this.#goesOn('before')
    const roles = await this.#roles()
    const goesOn = (): Promise<void> => this.#goesOn(`meanwhile: ${fault.name}`)
    await fault.run({ cluster: this.#cluster, roles, goesOn })
    await this.#goesOn(`after: ${fault.name}`)
    assert.deepEqual(this.#load.failures, [], fault.name)
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    console.log(`${seconds.padStart(5)} s  ${fault.name} (${JSON.stringify(roles)})`)
  }

  async #goesOn(when: string): Promise<void> {
    const { acknowledged, consumed } = this.#load
    const isOn = (): boolean =>
      this.#load.acknowledged > acknowledged + RECORDS_BETWEEN &&
      this.#load.consumed > consumed + RECORDS_BETWEEN
    await until(isOn, `records ${when}`, PATIENCE_MS)
  }

  /** Once all replicas are in sync. */
  async #roles(): Promise<Roles> {
    const topics = await this.#untilTopics('all replicas in sync', () => true)
    const leader = topics[0]?.partitions[0]?.leader ?? -1
    const controller = this.#client.controllerId
    const question = { key: GROUP, keyType: 0, coordinatorKeys: [GROUP] }
    const found = await this.#client.call(FindCoordinator, question)
    const coordinator = found.coordinators[0]?.nodeId ?? found.nodeId
    const others = IDS.filter((id) => id !== leader)
    const follower = others.find((id) => id !== controller) ?? -1
    return { leader, follower, controller, coordinator }
  }

  async #untilTopics(
    what: string,
    isReached: (topics: readonly TopicMetadata[]) => boolean,
  ): Promise<readonly TopicMetadata[]> {
    let topics: readonly TopicMetadata[] = []
    await until(
      async () => {
        try {
          await this.#client.refresh([])
          topics = await new Admin(this.#client).describeTopics([TOPIC, OFFSETS_TOPIC])
        } catch {
          return false
        }
        const partitions = topics.flatMap((topic) => topic.partitions)
        const areInSync = partitions.every(({ leader, isr }) => leader > 0 && isr.length === 3)
        return (
          topics.length === 2 && areInSync && this.#client.controllerId > 0 && isReached(topics)
        )
      },
      what,
      PATIENCE_MS,
    )
    return topics
  }

  async #end(): Promise<void> {
    await this.#load.end(PATIENCE_MS)
    const arePreferred = (topics: readonly TopicMetadata[]): boolean =>
      topics.every(({ partitions }) => {
        return partitions.every(({ leader, replicas }) => leader === replicas[0])
      })
    const [topic] = await this.#untilTopics('the preferred replicas to lead', arePreferred)
    assert.deepEqual(this.#load.failures, [])
    for (const { partition, leader } of topic?.partitions ?? []) {
      const { port } = this.#cluster.of(leader)
      this.#load.check(partition, await readBack({ host: '127.0.0.1', port }, TOPIC, partition))
    }
    const { acknowledged, consumed } = this.#load
    console.log(`${acknowledged} records acknowledged, none lost, none doubled; ${consumed} read`)
  }
}

/** In their order, then as the seed says (xorshift32). */
function chosen(faults: readonly Fault[], count: number, seed: number): Fault[] {
  let state = seed
  return Array.from({ length: count }, (_, round) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const index = round < faults.length ? round : (state >>> 0) % faults.length
    return faults[index] ?? assert.fail('no faults')
  })
}

async function play(
  start: (directory: string) => Promise<ProcessCluster>,
  faults: readonly Fault[],
): Promise<void> {
  if (faults.length === 0) return
  const directory = mkdtempSync(join(tmpdir(), 'ottla-faults-'))
  const cluster = await start(directory)
  try {
    await Rounds.run(cluster, faults)
  } catch (error) {
    console.error(cluster.outputs)
    throw error
  } finally {
    await cluster.kill()
    rmSync(directory, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(1 + (Date.now() % 1_000_000)) },
  },
})
const [count, seed] = [Number(values.rounds), Number(values.seed)]
assert(count > 0 && seed > 0, '--rounds and --seed are numbers above 0')
console.log(`${count} rounds, seed ${seed}`)
const embedded = Math.floor(count / EMBEDDED_SHARE)
await play((directory) => ProcessCluster.start(directory), chosen(FAULTS, count - embedded, seed))
await play(
  (directory) => ProcessCluster.startEmbedded(directory),
  chosen(EMBEDDED_FAULTS, embedded, seed),
)
