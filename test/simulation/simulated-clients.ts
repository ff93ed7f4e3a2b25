// Clients of a simulation: each goes on through every fault, on a machine of its own, until it is
// told to stop.
import { Admin, OffsetSpec } from '../../src/client/admin.ts'
import { Consumer } from '../../src/client/consumer.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { Producer } from '../../src/client/producer.ts'
import { sleep } from '../../src/platform/clock.ts'
import type { SimulatedPlatform } from '../../src/testing/simulated/simulated-world.ts'
import { Compression } from '../../src/wire/records/compression.ts'
import { Contradiction, valueOf, type RecordHistory } from './record-history.ts'

export const TOPIC = 'events'

export interface Actor {
  readonly name: string
  readonly platform: SimulatedPlatform
  readonly bootstrap: string
  readonly partitionCount: number
  readonly history: RecordHistory
  readonly isStopped: () => boolean
  readonly trace: (event: string) => void
}

/** What a client does, by the part of its name before the dash. */
const KINDS: Readonly<Record<string, (actor: Actor) => Promise<void>>> = {
  idempotent: (actor) => produce(actor, true),
  plain: (actor) => produce(actor, false),
  reader: consume,
  member: consumeInGroup,
  watcher: watchEnds,
}

/** Does what the actor's name says; a name of no kind does nothing. */
export async function act(actor: Actor): Promise<void> {
  await KINDS[actor.name.slice(0, actor.name.indexOf('-'))]?.(actor)
}

const CODECS = Object.values(Compression)
const RETRY_MS = 200

function clientOf({ platform, bootstrap, name }: Actor): KafkaClient {
  return new KafkaClient({ platform, bootstrap, clientId: name, retry: { totalMs: 20_000 } })
}

/** Sends numbered records to one partition, a few at a time. */
export async function produce(actor: Actor, idempotent: boolean): Promise<void> {
  const { name, platform, history, trace } = actor
  const { random, clock } = platform
  const partition = random.between(0, actor.partitionCount - 1)
  const compression = CODECS[random.between(0, CODECS.length - 1)] ?? Compression.none
  const client = clientOf(actor)
  const producer = new Producer(client, {
    idempotent,
    compression,
    lingerMs: random.between(0, 5),
    requestTimeoutMs: 5_000,
    deliveryTimeoutMs: 60_000,
  })
  if (idempotent) history.expectExact(name)
  for (let number = 0; !actor.isStopped();) {
    const count = random.between(1, 5)
    const values = Array.from({ length: count }, (_, index) =>
      valueOf(name, number + index, random.between(0, 300)),
    )
    number += count
    const sent = values.map((value) => producer.send({ topic: TOPIC, partition, value }))
    for (const [index, outcome] of (await Promise.allSettled(sent)).entries()) {
      if (outcome.status === 'rejected') {
        trace(`${name} lost ${number - count + index}: ${outcome.reason}`)
        continue
      }
      history.onAcknowledged(partition, outcome.value.offset, values[index] ?? Buffer.alloc(0))
      trace(`${name} sent ${number - count + index} to ${partition}@${outcome.value.offset}`)
    }
    await sleep(clock, random.between(0, 40))
  }
  client.close()
}

/** Reads all partitions from the beginning, without a gap. */
export async function consume(actor: Actor): Promise<void> {
  const { name, history, trace } = actor
  const client = clientOf(actor)
  const consumer = new Consumer(client, { autoOffsetReset: 'earliest', maxPartitionBytes: 4096 })
  consumer.assign(partitionsOf(actor.partitionCount))
  const next = new Map<number, number>()
  await untilStopped(actor, async () => {
    for (const record of await consumer.poll(500)) {
      history.onConsumed(record, next.get(record.partition) ?? 0)
      next.set(record.partition, record.offset + 1)
      trace(`${name} read ${record.partition}@${record.offset}`)
    }
  })
  client.close()
}

/** Reads as a member of a group; may see records again, but no others in their place. */
export async function consumeInGroup(actor: Actor): Promise<void> {
  const { name, history, trace } = actor
  const client = clientOf(actor)
  const consumer = new Consumer(client, {
    autoOffsetReset: 'earliest',
    autoCommitMs: 300,
    group: { groupId: 'readers', sessionTimeoutMs: 10_000 },
  })
  consumer.subscribe([TOPIC])
  await untilStopped(actor, async () => {
    for (const record of await consumer.poll(500)) {
      history.onConsumed(record, undefined)
      trace(`${name} read ${record.partition}@${record.offset} in its group`)
    }
  })
  client.close()
}

/** Asks for the ends of partitions, which only move on. */
export async function watchEnds(actor: Actor): Promise<void> {
  const { platform, history, trace } = actor
  const client = clientOf(actor)
  const admin = new Admin(client)
  const question = partitionsOf(actor.partitionCount).map((one) => ({
    ...one,
    timestamp: OffsetSpec.latest,
  }))
  await untilStopped(actor, async () => {
    for (const { partition, errorCode, offset } of await admin.listOffsets(question)) {
      if (errorCode !== 0) continue
      history.onHighWatermark(partition, offset)
      trace(`${partition} ends at ${offset}`)
    }
    await sleep(platform.clock, platform.random.between(20, 200))
  })
  client.close()
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
  client.close()
}

/** What fails for a client because of a fault is tried again; a contradiction is not. */
async function untilStopped(actor: Actor, step: () => Promise<void>): Promise<void> {
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
