// What a partition sees of its broker and of the cluster.
import type { Clock } from '../platform/clock.ts'
import type { IsrWriter } from './partition-state.ts'
import type { Partition } from './partition.ts'

export interface PartitionSurroundings {
  readonly brokerId: number
  readonly clock: Clock
  readonly isrWriter: IsrWriter
  brokerEpoch(): number
  replicaLagTimeMaxMs(): number
  /** Whether the metadata cache knows the broker as running. */
  readonly isAlive: (brokerId: number) => boolean
  onIsrShrink(partition: Partition, leaving: readonly number[]): void
  onIsrExpand(partition: Partition, joining: number): void
}
