// The operator of a simulated cluster: moves partitions to other brokers and changes its mind, asks
// for elections, creates topics and deletes them again, whatever goes wrong meanwhile.
import { Admin } from '../../src/client/admin.ts'
import type { KafkaClient } from '../../src/client/kafka-client.ts'
import { sleep } from '../../src/platform/clock.ts'
import { ElectLeaders } from '../../src/wire/messages/43-elect-leaders.ts'
import { AlterPartitionReassignments } from '../../src/wire/messages/45-alter-partition-reassignments.ts'
import { clientOf, produceOne, TOPIC, untilStopped, type Actor } from './simulated-clients.ts'

const REPLICATION = 3
const TIMEOUT_MS = 8_000
const PREFERRED = 0

export interface OperatorOptions {
  readonly actor: Actor
  readonly brokerCount: number
  /** Topics that are to be gone in the end. */
  readonly doomed: Set<string>
}

export async function operate(options: OperatorOptions): Promise<void> {
  const { actor } = options
  const { clock, random } = actor.platform
  const client = clientOf(actor, TIMEOUT_MS)
  const acts = [reassign, reassign, cancel, elect, createTopic, deleteTopic]
  await untilStopped(actor, async () => {
    await sleep(clock, random.between(1_000, 20_000))
    if (actor.isStopped()) return
    await acts[random.between(0, acts.length - 1)]?.(options, client)
  })
  client.close()
}

async function reassign({ actor, brokerCount }: OperatorOptions, client: KafkaClient) {
  const { random } = actor.platform
  const all = Array.from({ length: brokerCount }, (_, index) => index + 1)
  const replicas: number[] = []
  while (replicas.length < REPLICATION) {
    replicas.push(...all.splice(random.between(0, all.length - 1), 1))
  }
  await move(actor, client, replicas)
}

async function cancel({ actor }: OperatorOptions, client: KafkaClient): Promise<void> {
  await move(actor, client, null)
}

async function move(actor: Actor, client: KafkaClient, replicas: number[] | null): Promise<void> {
  const partitionIndex = actor.platform.random.between(0, actor.partitionCount - 1)
  const topics = [{ name: TOPIC, partitions: [{ partitionIndex, replicas }] }]
  const { responses } = await client.callController(
    AlterPartitionReassignments,
    { timeoutMs: TIMEOUT_MS, topics },
    ({ errorCode }) => errorCode,
  )
  const error = responses[0]?.partitions[0]?.errorCode
  const target = replicas === null ? 'back' : `to ${replicas.join(',')}`
  actor.trace(`${actor.name} moves ${partitionIndex} ${target}: error ${error}`)
}

async function elect({ actor }: OperatorOptions, client: KafkaClient): Promise<void> {
  const partitions = Array.from({ length: actor.partitionCount }, (_, index) => index)
  const { errorCode } = await client.callController(
    ElectLeaders,
    {
      electionType: PREFERRED,
      topicPartitions: [{ topic: TOPIC, partitions }],
      timeoutMs: TIMEOUT_MS,
    },
    (response) => response.errorCode,
  )
  actor.trace(`${actor.name} has preferred leaders elected: error ${errorCode}`)
}

/** A topic with some records, which is not to stay. */
async function createTopic({ actor, doomed }: OperatorOptions, client: KafkaClient): Promise<void> {
  const name = `doomed-${doomed.size}`
  doomed.add(name)
  const admin = new Admin(client)
  const topic = { name, partitions: 2, replicationFactor: REPLICATION }
  const [outcome] = await admin.createTopics([topic], { timeoutMs: TIMEOUT_MS })
  actor.trace(`${actor.name} creates ${name}: error ${outcome?.errorCode}`)
  if (outcome?.errorCode === 0) await produceOne(client, name)
}

async function deleteTopic({ actor, doomed }: OperatorOptions, client: KafkaClient): Promise<void> {
  const names = [...doomed]
  const name = names[actor.platform.random.between(0, names.length - 1)]
  if (name === undefined) return
  const admin = new Admin(client)
  const [outcome] = await admin.deleteTopics([name], { timeoutMs: TIMEOUT_MS })
  actor.trace(`${actor.name} deletes ${name}: error ${outcome?.errorCode}`)
}

/** Deletes what is left, when nothing goes wrong any more. */
export async function deleteDoomed({ actor, doomed }: OperatorOptions): Promise<void> {
  const client = clientOf(actor)
  const admin = new Admin(client)
  const left = (await admin.listTopics()).filter((name) => doomed.has(name))
  if (left.length > 0) await admin.deleteTopics(left, { timeoutMs: TIMEOUT_MS })
  actor.trace(`${actor.name} deletes ${left.join(', ')}`)
  client.close()
}
