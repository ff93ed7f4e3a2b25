// The few calls that a load needs before it begins: topics, producer ids, ends of partitions.
import type { Api } from '../src/codec/api.ts'
import { Metadata } from '../src/wire/messages/03-metadata.ts'
import { CreateTopics } from '../src/wire/messages/19-create-topics.ts'
import { InitProducerId } from '../src/wire/messages/22-init-producer-id.ts'
import { decodeResponseHeader, encodeRequest } from '../src/wire/messages/headers.ts'
import { CLIENT_ID, framed } from './frames.ts'
import type { RawConnection } from './raw-connection.ts'

export async function call<Q, QI, S, SI>(
  connection: RawConnection,
  api: Api<Q, QI, S, SI>,
  version: number,
  body: QI,
): Promise<S> {
  const frame = await connection.request(framed(encodeRequest(api, version, 1, CLIENT_ID, body)))
  const { bodyPosition } = decodeResponseHeader(api, version, frame)
  return api.response.decode(version, frame, bodyPosition)
}

const WAIT_MS = 20
const ATTEMPTS = 1500

/** Creates the topic and waits until each partition has a leader. */
export async function createTopic(
  connection: RawConnection,
  name: string,
  partitions: number,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  await call(connection, CreateTopics, 5, {
    topics: [
      {
        name,
        numPartitions: partitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 30_000,
  })
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { topics } = await call(connection, Metadata, 9, {
      topics: [{ name }],
      allowAutoTopicCreation: false,
    })
    const known = topics[0]?.partitions ?? []
    if (known.length === partitions && known.every(({ leaderId }) => leaderId >= 0)) return
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
  }
  throw new Error(`topic ${name} has no leaders`)
}

/** Creates the topic with these replicas, leader first, and waits until all of them are in sync. */
export async function createReplicated(
  controller: RawConnection,
  name: string,
  replicas: readonly (readonly number[])[],
): Promise<void> {
  const { topics } = await call(controller, CreateTopics, 5, {
    topics: [
      {
        name,
        numPartitions: -1,
        replicationFactor: -1,
        assignments: replicas.map((brokerIds, partitionIndex) => ({
          partitionIndex,
          brokerIds: [...brokerIds],
        })),
        configs: [],
      },
    ],
    timeoutMs: 30_000,
  })
  const { errorCode = 0 } = topics[0] ?? {}
  if (errorCode !== 0) throw new Error(`topic ${name}: error ${errorCode}`)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const partitions = await partitionsOf(controller, name)
    const isReady = (state: PartitionMetadata): boolean =>
      state.leaderId >= 0 && state.isrNodes.length === state.replicaNodes.length
    if (partitions.length === replicas.length && partitions.every(isReady)) return
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
  }
  throw new Error(`topic ${name} is not in sync`)
}

export interface PartitionMetadata {
  readonly partitionIndex: number
  readonly leaderId: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
}

export async function partitionsOf(
  connection: RawConnection,
  name: string,
): Promise<readonly PartitionMetadata[]> {
  const { topics } = await call(connection, Metadata, 9, {
    topics: [{ name }],
    allowAutoTopicCreation: false,
  })
  return topics[0]?.partitions ?? []
}

export async function producerId(connection: RawConnection): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answer = await call(connection, InitProducerId, 4, {
      transactionalId: null,
      transactionTimeoutMs: 60_000,
    })
    if (answer.errorCode === 0) return answer.producerId
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
  }
  throw new Error('no producer id')
}
