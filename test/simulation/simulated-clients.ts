// Clients of a simulation: each goes on through every fault, on a machine of its own, until it is
// told to stop.
import { Admin, OffsetSpec } from '../../src/client/admin.ts'
import { Consumer } from '../../src/client/consumer.ts'
import { GroupAdmin } from '../../src/client/group-admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { Producer } from '../../src/client/producer.ts'
import { sleep } from '../../src/platform/clock.ts'
import type { SimulatedPlatform } from '../../src/testing/simulated/simulated-world.ts'
import { Compression } from '../../src/wire/records/compression.ts'
import type { GroupHistory } from './group-history.ts'
import { Contradiction, valueOf, type RecordHistory } from './record-history.ts'
import type { Traffic } from './traffic.ts'

export const TOPIC = 'events'
export const GROUP = 'readers'

export interface Actor {
  readonly name: string
  readonly platform: SimulatedPlatform
  readonly bootstrap: string
  readonly partitionCount: number
  readonly history: RecordHistory
  /** Of the offsets that the members of the group commit. */
  readonly commits?: GroupHistory | undefined
  /** Without it producers never pause. */
  readonly traffic?: Traffic | undefined
  readonly isStopped: () => boolean
  readonly trace: (event: string) => void
}

/** What a client does, by the part of its name before the dash. */
const KINDS: Readonly<Record<string, (actor: Actor) => Promise<void>>> = {
  idempotent: (actor) => produce(actor, -1, true),
  plain: (actor) => produce(actor, -1, false),
  quick: (actor) => produce(actor, 1, false),
  careless: (actor) => produce(actor, 0, false),
  reader: consume,
  member: consumeInGroup,
  watcher: watchEnds,
  trimmer: deleteRecords,
}

/** Does what the actor's name says; a name of no kind does nothing. */
export async function act(actor: Actor): Promise<void> {
  await KINDS[actor.name.slice(0, actor.name.indexOf('-'))]?.(actor)
}

const CODECS = Object.values(Compression)
const RETRY_MS = 200
/** How long a fetch waits for records: a reader without records costs little then. */
const FETCH_WAIT_MS = 2_000
const ANOTHER_PARTITION = 0.05

export function clientOf({ platform, bootstrap, name }: Actor, totalMs = 20_000): KafkaClient {
  return new KafkaClient({ platform, bootstrap, clientId: name, retry: { totalMs } })
}

/** Sends numbered records, a few at a time, for a while to the same partition. */
export async function produce(actor: Actor, acks: -1 | 0 | 1, idempotent: boolean): Promise<void> {
  const { name, platform, history, trace } = actor
  const { random, clock } = platform
  const anyPartition = (): number => random.between(0, actor.partitionCount - 1)
  const client = clientOf(actor)
  const producer = new Producer(client, {
    acks,
    idempotent,
    compression: CODECS[random.between(0, CODECS.length - 1)] ?? Compression.none,
    lingerMs: random.between(0, 5),
    requestTimeoutMs: 5_000,
    deliveryTimeoutMs: 60_000,
  })
  const pauseMs = actor.traffic === undefined ? 40 : 200
  if (idempotent) history.expectExact(name)
  let partition = anyPartition()
  for (let number = 0; ;) {
    await actor.traffic?.flowing()
    if (actor.isStopped()) break
    if (random.chance(ANOTHER_PARTITION)) partition = anyPartition()
    const count = random.between(1, 5)
    const values = Array.from({ length: count }, (_, index) =>
      valueOf(name, number + index, random.between(0, 300)),
    )
    number += count
    const sent = values.map((value) => producer.send({ topic: TOPIC, partition, value }))
    for (const [index, outcome] of (await Promise.allSettled(sent)).entries()) {
      const place = `${number - count + index} to ${partition}`
      if (outcome.status === 'rejected') {
        trace(`${name} lost ${place}: ${outcome.reason}`)
        continue
      }
      const { offset } = outcome.value
      if (acks === -1) history.onAcknowledged(partition, offset, values[index] ?? Buffer.alloc(0))
      trace(`${name} sent ${place}@${offset}`)
    }
    await sleep(clock, random.between(0, pauseMs))
  }
  client.close()
}

/** Reads all partitions from the beginning, without a gap. */
export async function consume(actor: Actor): Promise<void> {
  const { name, history, trace } = actor
  const client = clientOf(actor)
  const consumer = new Consumer(client, {
    autoOffsetReset: 'earliest',
    maxPartitionBytes: 4096,
    maxWaitMs: FETCH_WAIT_MS,
  })
  consumer.assign(partitionsOf(actor.partitionCount))
  const next = new Map<number, number>()
  await untilStopped(actor, async () => {
    for (const record of await consumer.poll(FETCH_WAIT_MS)) {
      history.onConsumed(record, next.get(record.partition) ?? 0)
      next.set(record.partition, record.offset + 1)
      trace(`${name} read ${record.partition}@${record.offset}`)
    }
  })
  client.close()
}

/** Reads as a member of a group, which it leaves and joins again now and then. */
export async function consumeInGroup(actor: Actor): Promise<void> {
  const { clock, random } = actor.platform
  while (!actor.isStopped()) {
    const untilMs = clock.monotonicMs() + random.between(5_000, 120_000)
    const isOver = (): boolean => actor.isStopped() || clock.monotonicMs() > untilMs
    await consumeAsMember({ ...actor, isStopped: isOver })
  }
}

async function consumeAsMember(actor: Actor): Promise<void> {
  const { name, history, commits, trace } = actor
  // Each commit is tried once, so that it is known which of them are in doubt.
  const client = clientOf(actor, 0)
  const consumer = new Consumer(client, {
    autoOffsetReset: 'earliest',
    maxWaitMs: FETCH_WAIT_MS,
    group: { groupId: GROUP, sessionTimeoutMs: 10_000 },
  })
  consumer.subscribe([TOPIC])
  const next = new Map<number, number>()
  await untilStopped(actor, async () => {
    const before = partitionsOf(actor.partitionCount).map((at) => commits?.confirmed(at.partition))
    const records = await consumer.poll(FETCH_WAIT_MS)
    for (const record of records) {
      const { partition, offset } = record
      history.onConsumed(record, undefined)
      if (offset !== next.get(partition)) {
        commits?.onResumed(partition, offset, before[partition] ?? -1, history.deletable(partition))
      }
      trace(`${name} read ${partition}@${offset} in its group`)
      next.set(partition, offset + 1)
    }
    if (records.length > 0) await commit(actor, consumer)
  })
  await consumer.close().catch(() => {})
  client.close()
}

async function commit({ name, commits, trace }: Actor, consumer: Consumer): Promise<void> {
  const positions = consumer.assignment.flatMap(({ topic, partition }) => {
    const offset = consumer.position(topic, partition)
    return offset === undefined ? [] : [{ partition, offset }]
  })
  for (const { partition, offset } of positions) commits?.onCommit(partition, offset)
  try {
    await consumer.commit()
  } catch (error) {
    for (const { partition, offset } of positions) commits?.onDoubtful(partition, offset)
    throw error
  }
  for (const { partition, offset } of positions) commits?.onConfirmed(partition, offset)
  trace(`${name} committed ${positions.map((at) => `${at.partition}@${at.offset}`).join(', ')}`)
}

/** Asks where partitions begin and end, and where the group stands: all that only moves on. */
export async function watchEnds(actor: Actor): Promise<void> {
  const { platform, commits } = actor
  const client = clientOf(actor)
  const pauseMs = actor.traffic === undefined ? 200 : 3_000
  await untilStopped(actor, async () => {
    await watchLogs(actor, new Admin(client))
    if (commits !== undefined) await watchGroup(actor, new GroupAdmin(client), commits, false)
    await sleep(platform.clock, platform.random.between(20, pauseMs))
  })
  client.close()
}

async function watchLogs({ partitionCount, history, trace }: Actor, admin: Admin): Promise<void> {
  const question = partitionsOf(partitionCount)
  for (const spec of [OffsetSpec.latest, OffsetSpec.earliest]) {
    const asked = question.map((one) => ({ ...one, timestamp: spec }))
    for (const { partition, errorCode, offset } of await admin.listOffsets(asked)) {
      if (errorCode !== 0) continue
      if (spec === OffsetSpec.latest) history.onHighWatermark(partition, offset)
      else history.onLogStart(partition, offset)
      trace(`${partition} ${spec === OffsetSpec.latest ? 'ends' : 'begins'} at ${offset}`)
    }
  }
}

async function watchGroup(
  { partitionCount, trace }: Actor,
  groups: GroupAdmin,
  commits: GroupHistory,
  isCalm: boolean,
): Promise<void> {
  const before = partitionsOf(partitionCount).map(({ partition }) => commits.confirmed(partition))
  const question = partitionsOf(partitionCount)
  for (const { partition, offset, errorCode } of await groups.offsets(GROUP, question)) {
    if (errorCode !== 0) continue
    commits.onSeen(partition, offset, before[partition] ?? -1, isCalm)
    trace(`the group is at ${partition}@${offset}`)
  }
}

/** Deletes records of one partition now and then. */
export async function deleteRecords(actor: Actor): Promise<void> {
  const { name, platform, history, trace } = actor
  const { clock, random } = platform
  const client = clientOf(actor)
  const admin = new Admin(client)
  await untilStopped(actor, async () => {
    await sleep(clock, random.between(2_000, 20_000))
    const partition = random.between(0, actor.partitionCount - 1)
    const where = { topic: TOPIC, partition }
    const [end] = await admin.listOffsets([{ ...where, timestamp: OffsetSpec.latest }])
    if (end === undefined || end.errorCode !== 0) return
    const offset = Math.max(0, end.offset - random.between(0, 50))
    history.onDeletion(partition, offset)
    const { endedBrokers } = history
    const [outcome] = await admin.deleteRecords([{ ...where, offset }], { timeoutMs: 5_000 })
    if (outcome?.errorCode !== 0) return
    trace(`${name} deleted ${partition} up to ${offset}`)
    if (history.endedBrokers === endedBrokers) history.onDeleted(partition, offset)
  })
  client.close()
}

/** One record, with the retries of a producer. */
export async function produceOne(client: KafkaClient, topic: string): Promise<void> {
  const producer = new Producer(client, { deliveryTimeoutMs: 5_000 })
  await producer.send({ topic, partition: 0, value: Buffer.from(topic) })
}

/** Everything that a partition holds, once the faults are over. */
export async function checkAll(actor: Actor): Promise<void> {
  const client = clientOf(actor)
  const ends = await new Admin(client).listOffsets(
    partitionsOf(actor.partitionCount).map((one) => ({ ...one, timestamp: OffsetSpec.latest })),
  )
  for (const { partition, offset: end } of ends) {
    const consumer = new Consumer(client, { autoOffsetReset: 'earliest' })
    consumer.assign([{ topic: TOPIC, partition }])
    const records = []
    while ((consumer.position(TOPIC, partition) ?? 0) < end) {
      records.push(...(await consumer.poll(1_000)))
    }
    actor.history.check(partition, records)
    actor.trace(`partition ${partition} is sound up to ${end}`)
  }
  if (actor.commits !== undefined) {
    await watchGroup(actor, new GroupAdmin(client), actor.commits, true)
  }
  client.close()
}

/** What fails for a client because of a fault is tried again; a contradiction is not. */
export async function untilStopped(actor: Actor, step: () => Promise<void>): Promise<void> {
  while (!actor.isStopped()) {
    try {
      await step()
    } catch (error) {
      if (error instanceof Contradiction) throw error
      actor.trace(`${actor.name} failed: ${String(error)}`)
      await sleep(actor.platform.clock, RETRY_MS)
    }
  }
}

function partitionsOf(count: number): { topic: string; partition: number }[] {
  return Array.from({ length: count }, (_, partition) => ({ topic: TOPIC, partition }))
}
