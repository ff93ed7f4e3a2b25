// What the active controller does about a broker whose process is gone while its session lives on:
// the same as in a controlled shutdown. Its leaderships move within the in-sync sets and it leaves
// those sets; a partition of which it is the last in sync keeps waiting for it. Epochs fence it, in
// case it was alive after all; then, or once it has registered again, it is brought back.
import type { Machine } from './machine.ts'

/** The process of the broker is gone. */
export async function suspect(machine: Machine, brokerId: number): Promise<void> {
  const { context, queues, logger } = machine.term
  const broker = context.brokers.get(brokerId)
  if (broker === undefined || context.suspected.has(brokerId)) return
  logger.warn(
    `Broker ${brokerId} refuses connections: its leaderships move before its session ends`,
  )
  context.suspected.add(brokerId)
  queues.remove(brokerId)
  await machine.relieve(brokerId)
  await machine.deletion.onReplicasFailed(context.replicasOn(brokerId))
  machine.announce([])
}

/** The broker answers again, and is still registered as it was. */
export async function absolve(machine: Machine, brokerId: number): Promise<void> {
  const { context, logger } = machine.term
  if (!context.suspected.delete(brokerId)) return
  logger.info(`Broker ${brokerId} takes connections again`)
  await bringBack(machine, [brokerId])
}

/** Nobody watches processes any more: whoever has a session counts as alive. */
export async function absolveAll(machine: Machine): Promise<void> {
  const { suspected } = machine.term.context
  const brokerIds = [...suspected]
  if (brokerIds.length === 0) return
  suspected.clear()
  await bringBack(machine, brokerIds)
}

async function bringBack(machine: Machine, brokerIds: readonly number[]): Promise<void> {
  for (const brokerId of brokerIds) machine.term.queues.add(brokerId)
  await machine.onBrokersStarted(brokerIds)
}
