// The controller's hand on ZooKeeper. Every write goes with a check of /controller_epoch in the same
// multi, so that a controller that was replaced without noticing changes nothing (KAFKA-6082).
// Units that belong together are atomic; many units travel in one multi, and when one is refused
// they are sent again one by one.
import { CONTROLLER_EPOCH } from '../metadata/znode-paths.ts'
import type { MultiOp, MultiResult, ZooKeeperClient } from '../zookeeper/client.ts'
import { ZooKeeperCode, ZooKeeperError } from '../zookeeper/errors.ts'
import type { Stat } from '../zookeeper/protocol.ts'

/** Another controller has been elected. */
export class ControllerMoved extends Error {
  constructor() {
    super('another controller has been elected')
    this.name = 'ControllerMoved'
  }
}

/** Operations that happen together or not at all. */
export type Unit = readonly MultiOp[]

export type UnitResult =
  | { readonly ok: true; readonly results: readonly MultiResult[] }
  /** `index` is that of the refused operation within the unit. */
  | { readonly ok: false; readonly code: number; readonly index: number }

export interface Read {
  readonly data: Buffer | null
  readonly stat: Stat
}

// ZooKeeper takes no request above 1 MiB; paths and data are far below these limits together.
const MAX_OPS = 200
const MAX_BYTES = 256 * 1024
const OP_OVERHEAD_BYTES = 64

export class GuardedStore {
  readonly #client: ZooKeeperClient
  readonly #epochVersion: number

  constructor(client: ZooKeeperClient, epochVersion: number) {
    this.#client = client
    this.#epochVersion = epochVersion
  }

  /** One result per unit. Throws ControllerMoved when the epoch is no longer this controller's. */
  async write(units: readonly Unit[]): Promise<UnitResult[]> {
    const groups = grouped(units)
    const results = await Promise.all(groups.map((group) => this.#writeGroup(group)))
    return results.flat()
  }

  /** The version of a set node, or undefined with what refused it. */
  async set(path: string, data: Buffer | null, version: number): Promise<UnitResult> {
    const [result] = await this.write([[{ kind: 'set', path, data, version }]])
    if (result === undefined) throw new Error('a write without a result')
    return result
  }

  /** Undefined when there is no such node. */
  async read(path: string, watch = false): Promise<Read | undefined> {
    return retrying(this.#client, async () => {
      try {
        return await this.#client.get(path, { watch })
      } catch (error) {
        if (isCode(error, ZooKeeperCode.NONODE)) return undefined
        throw error
      }
    })
  }

  readAll(paths: readonly string[], watch = false): Promise<(Read | undefined)[]> {
    return Promise.all(paths.map((path) => this.read(path, watch)))
  }

  /** Whether the node is there; a watch stays also when it is not. */
  exists(path: string, watch = false): Promise<boolean> {
    return retrying(
      this.#client,
      async () => (await this.#client.exists(path, { watch })) !== undefined,
    )
  }

  /** Names of the children, none when there is no such node. */
  async children(path: string, watch = false): Promise<string[]> {
    return retrying(this.#client, async () => {
      try {
        return await this.#client.children(path, { watch })
      } catch (error) {
        if (isCode(error, ZooKeeperCode.NONODE)) return []
        throw error
      }
    })
  }

  /** Deletes nodes; those that are not there are no error. */
  async delete(paths: readonly string[]): Promise<void> {
    await this.write(paths.map((path) => [{ kind: 'delete', path, version: -1 }]))
  }

  /** Deletes a node with all below it, leaves first. */
  async deleteTree(path: string): Promise<void> {
    const paths = [path]
    for (let level = [path]; level.length > 0;) {
      const below = await Promise.all(
        level.map(async (parent) => {
          const names = await this.children(parent)
          return names.map((name) => `${parent}/${name}`)
        }),
      )
      level = below.flat()
      paths.push(...level)
    }
    // A multi applies in order, so children go before their parents; groups must not overtake.
    for (const group of grouped(paths.reverse().map((leaf) => [deletion(leaf)]))) {
      await this.#writeGroup(group)
    }
  }

  async #writeGroup(group: readonly Unit[]): Promise<UnitResult[]> {
    const results = await this.#multi(group.flat())
    const failed = results.findIndex((result) => result.kind === 'error' && result.code !== 0)
    if (failed === -1) return split(group, results)
    if (group.length === 1) return [refusal(results)]
    const alone: UnitResult[] = []
    for (const unit of group) alone.push(...(await this.#writeGroup([unit])))
    return alone
  }

  async #multi(ops: readonly MultiOp[]): Promise<MultiResult[]> {
    const guard = { kind: 'check', path: CONTROLLER_EPOCH, version: this.#epochVersion } as const
    const [guardResult, ...results] = await retrying(this.#client, () =>
      this.#client.multi([guard, ...ops]),
    )
    if (guardResult?.kind === 'error' && guardResult.code !== ZooKeeperCode.OK) {
      throw new ControllerMoved()
    }
    return results
  }
}

function deletion(path: string): MultiOp {
  return { kind: 'delete', path, version: -1 }
}

function refusal(results: readonly MultiResult[]): UnitResult {
  for (const [index, result] of results.entries()) {
    const refused = result.kind === 'error' && result.code !== ZooKeeperCode.OK
    if (refused && result.code !== ZooKeeperCode.RUNTIMEINCONSISTENCY) {
      return { ok: false, code: result.code, index }
    }
  }
  return { ok: false, code: ZooKeeperCode.SYSTEMERROR, index: 0 }
}

function split(group: readonly Unit[], results: readonly MultiResult[]): UnitResult[] {
  let position = 0
  return group.map((unit) => {
    const mine = results.slice(position, position + unit.length)
    position += unit.length
    return { ok: true, results: mine }
  })
}

function grouped(units: readonly Unit[]): Unit[][] {
  const groups: Unit[][] = []
  let current: Unit[] = []
  let ops = 0
  let bytes = 0
  for (const unit of units) {
    const unitBytes = unit.reduce((sum, op) => sum + opBytes(op), 0)
    if (current.length > 0 && (ops + unit.length > MAX_OPS || bytes + unitBytes > MAX_BYTES)) {
      groups.push(current)
      current = []
      ops = 0
      bytes = 0
    }
    current.push(unit)
    ops += unit.length
    bytes += unitBytes
  }
  if (current.length > 0) groups.push(current)
  return groups
}

function opBytes(op: MultiOp): number {
  const data = op.kind === 'create' || op.kind === 'set' ? (op.data?.length ?? 0) : 0
  return op.path.length + data + OP_OVERHEAD_BYTES
}

export function isCode(error: unknown, code: number): boolean {
  return error instanceof ZooKeeperError && error.code === code
}

/** The version that a `set` or `create` left behind. */
export function versionOf(result: MultiResult | undefined): number {
  return result?.kind === 'set' || result?.kind === 'create' ? result.stat.version : -1
}

/**
 * Does `operation` again after a lost connection, once there is one again: whoever writes must
 * bear that the first attempt had succeeded. Gives up when the session has ended.
 */
export async function retrying<T>(
  client: ZooKeeperClient,
  operation: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await operation()
    } catch (error) {
      if (!isCode(error, ZooKeeperCode.CONNECTIONLOSS)) throw error
      await reconnected(client)
    }
  }
}

function reconnected(client: ZooKeeperClient): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const ended = (): void => reject(new ZooKeeperError(ZooKeeperCode.SESSIONEXPIRED))
  if (client.state === 'connected') resolve()
  else if (client.state !== 'disconnected') ended()
  const stop = client.onState((state) => {
    if (state === 'connected') resolve()
    else if (state !== 'disconnected') ended()
  })
  return promise.finally(stop)
}
