// The cluster as a load sees it through Metadata: who leads what, who controls.
import { Metadata } from '../src/wire/messages/03-metadata.ts'
import { call, partitionsOf, type PartitionMetadata } from './cluster-calls.ts'
import type { BrokerAddress } from './clusters.ts'
import { RawConnection } from './raw-connection.ts'

export interface ClusterCommon {
  readonly brokers: readonly BrokerAddress[]
  readonly topic: string
}

export interface Leader extends BrokerAddress {
  readonly partitions: readonly number[]
}

/** Asks the first of the brokers that answers. */
export async function ask<T>(
  brokers: readonly BrokerAddress[],
  question: (connection: RawConnection) => Promise<T>,
): Promise<T> {
  let failure: unknown = new Error('no broker to ask')
  for (const { port } of brokers) {
    try {
      const connection = await RawConnection.open(port)
      try {
        return await question(connection)
      } finally {
        connection.close()
      }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

export async function controllerOf(brokers: readonly BrokerAddress[]): Promise<BrokerAddress> {
  const { controllerId } = await ask(brokers, (connection) =>
    call(connection, Metadata, 9, { topics: [] }),
  )
  const controller = brokers.find(({ id }) => id === controllerId)
  if (controller === undefined) throw new Error(`broker ${controllerId} controls, which is gone`)
  return controller
}

export function partitionsIn(
  { brokers, topic }: ClusterCommon,
  asked: readonly BrokerAddress[] = brokers,
): Promise<readonly PartitionMetadata[]> {
  return ask(asked, (connection) => partitionsOf(connection, topic))
}

/** The brokers that lead partitions of the topic, each with them, as one of `asked` knows it. */
export async function leadersOf(
  common: ClusterCommon,
  asked?: readonly BrokerAddress[],
): Promise<Leader[]> {
  const partitions = await partitionsIn(common, asked)
  return common.brokers
    .map((broker) => ({
      ...broker,
      partitions: partitions
        .filter(({ leaderId }) => leaderId === broker.id)
        .map(({ partitionIndex }) => partitionIndex),
    }))
    .filter((leader) => leader.partitions.length > 0)
}
