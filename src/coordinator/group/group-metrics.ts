// The numbers of the group coordinator, under the names that the JMX exporter gives Kafka's.
import type { Counter, Metrics } from '../../telemetry/metrics.ts'
import type { GroupState } from './group.ts'
import type { CountEffect } from './group-commands.ts'
import type { GroupMachine } from './group-machine.ts'

const GAUGES = 'kafka_coordinator_group_groupmetadatamanager'
const COUNTERS = 'kafka_server_group_coordinator_metrics'
const STATES: readonly GroupState[] = [
  'Empty',
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
]

export class GroupMetrics {
  readonly #counters: Readonly<Record<CountEffect['of'], Counter>>
  #longestLoadMs = 0
  #loadedMs = 0
  #loads = 0

  /** `machines`: those of the partitions that are loaded. */
  constructor(metrics: Metrics, machines: () => Iterable<GroupMachine>) {
    this.#counters = {
      committedOffsets: metrics.counter(`${COUNTERS}_offset_commit_count`),
      deletedOffsets: metrics.counter(`${COUNTERS}_offset_deletion_count`),
      expiredOffsets: metrics.counter(`${COUNTERS}_offset_expiration_count`),
      completedRebalances: metrics.counter(`${COUNTERS}_group_completed_rebalance_count`),
    }
    const sum = (read: (machine: GroupMachine) => number): number => {
      let total = 0
      for (const machine of machines()) total += read(machine)
      return total
    }
    metrics.gauge(`${GAUGES}_numoffsets`, {}, () => sum((machine) => machine.offsets.size))
    metrics.gauge(`${GAUGES}_numgroups`, {}, () => sum((machine) => machine.groupCount))
    for (const state of STATES) {
      const name = `${GAUGES}_numgroups${state.toLowerCase()}`
      metrics.gauge(name, {}, () => sum((machine) => countIn(machine, state)))
    }
    metrics.gauge(`${COUNTERS}_partition_load_time_max`, {}, () => this.#longestLoadMs)
    metrics.gauge(`${COUNTERS}_partition_load_time_avg`, {}, () =>
      this.#loads === 0 ? 0 : this.#loadedMs / this.#loads,
    )
  }

  count({ of, count }: CountEffect): void {
    this.#counters[of].add(count)
  }

  onLoaded(durationMs: number): void {
    this.#loads++
    this.#loadedMs += durationMs
    this.#longestLoadMs = Math.max(this.#longestLoadMs, durationMs)
  }
}

function countIn(machine: GroupMachine, state: GroupState): number {
  let count = 0
  for (const group of machine.groups()) if (group.header.state === state) count++
  return count
}
