// Offsets that version 0 of OffsetCommit and OffsetFetch keeps in ZooKeeper, as consumers did
// before there was a group coordinator: /consumers/<group>/offsets/<topic>/<partition>.
import { ZooKeeperError } from '../zookeeper/errors.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'

function pathOf(groupId: string, topic: string, partition: number): string {
  return `/consumers/${groupId}/offsets/${topic}/${partition}`
}

/** Writes the offset; makes the nodes above it when they are missing. */
export async function writeLegacyOffset(
  zookeeper: ZooKeeperClient,
  groupId: string,
  topic: string,
  partition: number,
  offset: number,
): Promise<void> {
  const path = pathOf(groupId, topic, partition)
  const data = Buffer.from(String(offset))
  try {
    await zookeeper.set(path, data)
  } catch (error) {
    if (!isMissing(error)) throw error
    await zookeeper.createRecursive(path, data)
  }
}

/** Undefined when the group has none there. */
export async function readLegacyOffset(
  zookeeper: ZooKeeperClient,
  groupId: string,
  topic: string,
  partition: number,
): Promise<number | undefined> {
  try {
    const { data } = await zookeeper.get(pathOf(groupId, topic, partition))
    const offset = Number(data?.toString() ?? '')
    return Number.isSafeInteger(offset) ? offset : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ZooKeeperError && error.name === 'NONODE'
}
