// Taking `/controller`: whoever creates the node, together with the next controller epoch, is the
// controller. The version of /controller_epoch is what guards all its writes.
import { CONTROLLER, CONTROLLER_EPOCH } from '../metadata/znode-paths.ts'
import { decodeController, decodeControllerEpoch, encodeController } from '../metadata/znodes.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'
import { ZooKeeperCode, ZooKeeperError } from '../zookeeper/errors.ts'
import { isCode, retrying, versionOf } from './guarded-store.ts'

/** Nobody holds `/controller`. */
export const NO_CONTROLLER = -1

export interface Won {
  readonly epoch: number
  /** Version of /controller_epoch. */
  readonly epochVersion: number
}

export interface ControllerNode {
  readonly brokerId: number
  /** Whether this session made it. */
  readonly isOurs: boolean
}

/** Who holds `/controller`, with a watch on it, there or not. */
export function readController(client: ZooKeeperClient): Promise<ControllerNode | undefined> {
  return retrying(client, async () => {
    if ((await client.exists(CONTROLLER, { watch: true })) === undefined) return undefined
    try {
      const { data, stat } = await client.get(CONTROLLER, { watch: true })
      return {
        brokerId: decodeController(data),
        isOurs: stat.ephemeralOwner === client.sessionId,
      }
    } catch (error) {
      if (isCode(error, ZooKeeperCode.NONODE)) return undefined
      throw error
    }
  })
}

/** The controller epoch, and the version of its node; made with epoch 0 when there is none. */
export function readEpoch(client: ZooKeeperClient): Promise<Won> {
  return retrying(client, async () => {
    for (;;) {
      try {
        const { data, stat } = await client.get(CONTROLLER_EPOCH)
        return { epoch: decodeControllerEpoch(data), epochVersion: stat.version }
      } catch (error) {
        if (!isCode(error, ZooKeeperCode.NONODE)) throw error
      }
      try {
        await client.create(CONTROLLER_EPOCH, Buffer.from('0'))
      } catch (error) {
        if (!isCode(error, ZooKeeperCode.NODEEXISTS)) throw error
      }
    }
  })
}

/** Tries to become controller; undefined when another broker was faster. */
export async function takeController(
  client: ZooKeeperClient,
  brokerId: number,
  nowMs: number,
): Promise<Won | undefined> {
  const last = await readEpoch(client)
  const epoch = last.epoch + 1
  const results = await retrying(client, () =>
    client.multi([
      {
        kind: 'create',
        path: CONTROLLER,
        data: encodeController(brokerId, nowMs),
        ephemeral: true,
      },
      {
        kind: 'set',
        path: CONTROLLER_EPOCH,
        data: Buffer.from(String(epoch)),
        version: last.epochVersion,
      },
    ]),
  )
  if (results.every((result) => result.kind !== 'error')) {
    return { epoch, epochVersion: versionOf(results[1]) }
  }
  return wonAnyway(client, epoch)
}

// The multi may have succeeded on a connection that was lost before its answer came.
async function wonAnyway(client: ZooKeeperClient, epoch: number): Promise<Won | undefined> {
  const holder = await readController(client)
  if (holder?.isOurs !== true) return undefined
  const current = await readEpoch(client)
  return current.epoch === epoch ? current : undefined
}

/**
 * Removes `/controller` if this epoch's controller still holds it, so that another election begins.
 */
export async function giveUpController(client: ZooKeeperClient, won: Won): Promise<void> {
  const results = await retrying(client, () =>
    client.multi([
      { kind: 'check', path: CONTROLLER_EPOCH, version: won.epochVersion },
      { kind: 'delete', path: CONTROLLER, version: -1 },
    ]),
  )
  const code = results.find((it) => it.kind === 'error')?.code ?? ZooKeeperCode.OK
  const isGone = code === ZooKeeperCode.NONODE || code === ZooKeeperCode.BADVERSION
  if (code !== ZooKeeperCode.OK && !isGone) throw new ZooKeeperError(code, CONTROLLER)
}
