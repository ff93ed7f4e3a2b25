// A broker's place in ZooKeeper: the paths that must exist, the cluster's id, its own number, and
// the ephemeral node that says it lives. The czxid of that node is the broker epoch, which fences
// requests from before a restart (KIP-380).
import { decodeBroker, decodeClusterId, encodeBroker, encodeClusterId } from '../metadata/znodes.ts'
import type { BrokerNode } from '../metadata/znodes.ts'
import {
  BROKER_IDS,
  BROKER_SEQUENCE,
  brokerPath,
  CLUSTER_ID,
  PERSISTENT_PATHS,
} from '../metadata/znode-paths.ts'
import { randomUuid } from '../wire/uuid.ts'
import type { MultiOp, ZooKeeperClient } from '../zookeeper/client.ts'
import { ZooKeeperCode, ZooKeeperError } from '../zookeeper/errors.ts'
import { isCode, retrying } from './guarded-store.ts'

/** Another broker has this id, or one of these endpoints. */
export class RegistrationRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RegistrationRefused'
  }
}

/** Makes the paths that every broker makes when it starts. */
export async function createPersistentPaths(client: ZooKeeperClient): Promise<void> {
  for (const path of PERSISTENT_PATHS) {
    await retrying(client, () => client.createRecursive(path))
  }
}

/** The id of the cluster, made by the first broker. */
export async function readOrCreateClusterId(
  client: ZooKeeperClient,
  randomBytes: (count: number) => Buffer,
): Promise<string> {
  await retrying(client, () =>
    client.createRecursive(CLUSTER_ID, encodeClusterId(randomUuid(randomBytes))),
  )
  const { data } = await retrying(client, () => client.get(CLUSTER_ID))
  const id = decodeClusterId(data)
  if (id === undefined) throw new Error(`${CLUSTER_ID} does not hold a cluster id`)
  return id
}

/** The next number of /brokers/seqid, above the ids that may be configured. */
export async function generateBrokerId(
  client: ZooKeeperClient,
  reservedMaxId: number,
): Promise<number> {
  // A lost answer wastes a number, which does no harm.
  const stat = await retrying(client, () => client.set(BROKER_SEQUENCE, Buffer.alloc(0), -1))
  return stat.version + reservedMaxId
}

/**
 * Refuses endpoints that another registered broker advertises. Asked once, at the start: a broker
 * that registers again in a new session was there before whoever came meanwhile.
 */
export async function checkEndpointsAreFree(
  client: ZooKeeperClient,
  brokerId: number,
  node: BrokerNode,
): Promise<void> {
  const wanted = new Set(addressesOf(node))
  for (const name of await retrying(client, () => client.children(BROKER_IDS))) {
    if (Number(name) === brokerId) continue
    const other = decodeBroker(await dataOf(client, `${BROKER_IDS}/${name}`))
    const common = other === undefined ? [] : addressesOf(other).filter((it) => wanted.has(it))
    if (common.length === 0) continue
    throw new RegistrationRefused(
      `Configured end points ${common.join(',')} in advertised listeners are already registered ` +
        `by broker ${name}`,
    )
  }
}

function addressesOf({ endpoints }: BrokerNode): string[] {
  return [...endpoints.values()].map(({ host, port }) => `${host}:${port}`)
}

function dataOf(client: ZooKeeperClient, path: string): Promise<Buffer | null> {
  return retrying(client, async () => {
    try {
      return (await client.get(path)).data
    } catch (error) {
      // Its session has ended meanwhile.
      if (isCode(error, ZooKeeperCode.NONODE)) return null
      throw error
    }
  })
}

/**
 * Registers the broker and answers with its epoch. A node of this very session that an earlier
 * process left (`isRestart`) is replaced, so that the epoch changes and the cluster sees a restart;
 * otherwise it is what a lost answer had made, and stays (KAFKA-7165). A node of another session is
 * refused.
 */
export async function registerBroker(
  client: ZooKeeperClient,
  brokerId: number,
  node: BrokerNode,
  isRestart = false,
): Promise<number> {
  const path = brokerPath(brokerId)
  const data = encodeBroker(node)
  const create: MultiOp[] = [
    { kind: 'create', path, data: null, ephemeral: true },
    { kind: 'set', path, data, version: 0 },
  ]
  const code = await attempt(client, create)
  if (code === ZooKeeperCode.NODEEXISTS) {
    const owner = (await retrying(client, () => client.exists(path)))?.ephemeralOwner
    if (owner === undefined) return registerBroker(client, brokerId, node)
    if (owner !== client.sessionId) throw new RegistrationRefused(inUse(brokerId, owner))
    if (isRestart) {
      const replaced = await attempt(client, [{ kind: 'delete', path, version: -1 }, ...create])
      if (replaced !== ZooKeeperCode.OK) throw new ZooKeeperError(replaced, path)
    }
  } else if (code !== ZooKeeperCode.OK) throw new ZooKeeperError(code, path)
  const stat = await retrying(client, () => client.exists(path))
  if (stat === undefined) throw new ZooKeeperError(ZooKeeperCode.NONODE, path)
  return stat.czxid
}

function inUse(brokerId: number, owner: bigint): string {
  return `broker id ${brokerId} is in use: its node belongs to session 0x${owner.toString(16)}`
}

// The code that refused the operations, or OK.
async function attempt(client: ZooKeeperClient, ops: readonly MultiOp[]): Promise<number> {
  const results = await retrying(client, () => client.multi(ops))
  for (const result of results) {
    if (result.kind !== 'error' || result.code === ZooKeeperCode.OK) continue
    if (result.code !== ZooKeeperCode.RUNTIMEINCONSISTENCY) return result.code
  }
  return results.some(({ kind }) => kind === 'error') ? ZooKeeperCode.SYSTEMERROR : ZooKeeperCode.OK
}
