// Znodes by which brokers tell the controller something: changed in-sync sets (below IBP 2.7) and
// lost log directories.
import { ISR_CHANGES, LOG_DIR_EVENTS } from '../metadata/znode-paths.ts'
import { decodeLogDirEvent, decodePartitionList } from '../metadata/znodes.ts'
import type { Partition } from './context.ts'
import { readLeaderships } from './leadership-writes.ts'
import type { Machine } from './machine.ts'
import type { Term } from './term.ts'

async function take(term: Term, parent: string): Promise<(Buffer | null)[]> {
  const names = (await term.store.children(parent, true)).sort()
  const paths = names.map((name) => `${parent}/${name}`)
  const reads = await term.store.readAll(paths)
  await term.store.delete(paths)
  return reads.flatMap((read) => (read === undefined ? [] : [read.data]))
}

/** Leaders have written their states themselves: reads them, and tells all brokers. */
export async function onIsrNotifications(machine: Machine): Promise<void> {
  const { context } = machine.term
  const named = (await take(machine.term, ISR_CHANGES)).flatMap(decodePartitionList)
  const partitions = new Set<Partition>()
  for (const { topic, partition } of named) {
    const known = context.partition(topic, partition)
    if (known !== undefined) partitions.add(known)
  }
  if (partitions.size === 0) return
  await readLeaderships(machine.term, [...partitions])
  machine.announce(partitions)
  await machine.reassignments.finishComplete(partitions)
}

/** Brokers have lost a log directory: their answers will say which replicas were there. */
export async function onLogDirNotifications(machine: Machine): Promise<void> {
  const { context } = machine.term
  const brokerIds = new Set<number>()
  for (const data of await take(machine.term, LOG_DIR_EVENTS)) {
    const brokerId = decodeLogDirEvent(data)
    if (brokerId !== undefined && context.brokers.has(brokerId)) brokerIds.add(brokerId)
  }
  for (const brokerId of brokerIds) {
    const replicas = context
      .replicasOn(brokerId)
      .filter(({ partition }) => partition.replicaPhase(brokerId) === 'online')
    machine.replicaStates.toOnline(replicas)
  }
}
