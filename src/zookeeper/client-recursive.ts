// Nodes with all above or all below them, made and removed one by one: neither is one transaction.
import type { ZooKeeperClient } from './client.ts'
import type { CreateOptions } from './client-options.ts'
import { ZooKeeperCode, ZooKeeperError } from './errors.ts'
import { joinPath, parentOf } from './paths.ts'

/** The data and options are the last node's; nothing happens to nodes that exist. */
export async function createRecursive(
  client: ZooKeeperClient,
  path: string,
  data: Buffer | null,
  options: CreateOptions,
): Promise<void> {
  const paths: string[] = []
  for (let at: string | undefined = path; at !== undefined; at = parentOf(at)) {
    if (at !== '/') paths.unshift(at)
  }
  const created = paths.map((at) =>
    client.create(at, at === path ? data : null, at === path ? options : { acl: options.acl }),
  )
  const outcomes = await Promise.allSettled(created)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    const reason: unknown = outcome.reason
    const exists = reason instanceof ZooKeeperError && reason.code === ZooKeeperCode.NODEEXISTS
    if (!exists) throw reason
  }
}

export async function deleteRecursive(client: ZooKeeperClient, path: string): Promise<void> {
  const found = [path]
  for (let index = 0; index < found.length; index++) {
    const at = found[index] ?? path
    const names = await client.children(at).catch(ignoreMissing)
    for (const name of names ?? []) found.push(joinPath(at, name))
  }
  await Promise.all(found.reverse().map((at) => client.delete(at).catch(ignoreMissing)))
}

/** For `catch`: undefined instead of a node that is not there. */
export function ignoreMissing(error: unknown): undefined {
  if (error instanceof ZooKeeperError && error.code === ZooKeeperCode.NONODE) return undefined
  throw error
}
