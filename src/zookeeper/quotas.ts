// Quotas: for each node with limits under `/zookeeper/quota`, how many nodes and bytes it and what
// lies below it hold. The counts are the content of `zookeeper_stats` beside the limits; like
// ZooKeeper's they are kept outside transactions and recounted on start-up. Hard limits can be
// enforced; the others are only reported.
import { joinPath, parentOf } from './paths.ts'
import type { ZNode } from './tree.ts'

const ROOT = '/zookeeper/quota'
const LIMITS = '/zookeeper_limits'
const STATS = '/zookeeper_stats'

export class Quotas {
  readonly #nodes: ReadonlyMap<string, ZNode>
  /** Paths with limits. */
  readonly #limited = new Set<string>()

  constructor(nodes: ReadonlyMap<string, ZNode>) {
    this.#nodes = nodes
  }

  /** A node has come or gone: limits begin and end with theirs. */
  note(path: string, exists: boolean): void {
    if (!path.startsWith(`${ROOT}/`)) return
    if (path.endsWith(LIMITS)) {
      const limited = path.slice(ROOT.length, -LIMITS.length)
      if (exists) this.#limited.add(limited)
      else this.#limited.delete(limited)
    } else if (exists && path.endsWith(STATS)) {
      this.#recount(path.slice(ROOT.length, -STATS.length))
    }
  }

  /** What a change at the path adds to the closest limited node at or above it. */
  add(path: string, nodes: number, bytes: number): void {
    if (nodes === 0 && bytes === 0) return
    const stats = this.#nodes.get(ROOT + (this.#limitedAbove(path) ?? '') + STATS)
    if (stats === undefined) return
    const [count, size] = parse(stats.data)
    stats.data = format(count + nodes, size + bytes)
  }

  /** Whether the hard limits at or above the path leave room for so much more. */
  leaveRoom(path: string, nodes: number, bytes: number): boolean {
    const limited = this.#limitedAbove(path)
    if (limited === undefined) return true
    const limits = this.#nodes.get(ROOT + limited + LIMITS)?.data?.toString() ?? ''
    const [count, size] = parse(this.#nodes.get(ROOT + limited + STATS)?.data ?? null)
    const fits = (name: string, used: number, more: number): boolean => {
      const limit = Number(new RegExp(`${name}=(-?\\d+)`).exec(limits)?.[1] ?? -1)
      return more <= 0 || limit < 0 || used + more <= limit
    }
    return fits('countHardLimit', count, nodes) && fits('byteHardLimit', size, bytes)
  }

  #limitedAbove(path: string): string | undefined {
    if (this.#limited.size === 0) return undefined
    for (let at: string | undefined = path; at !== undefined; at = parentOf(at)) {
      if (this.#limited.has(at)) return at
    }
    return undefined
  }

  /** After a snapshot has been read: its counts may be those of another moment. */
  recountAll(): void {
    for (const path of this.#limited) this.#recount(path)
  }

  #recount(path: string): void {
    const stats = this.#nodes.get(ROOT + path + STATS)
    if (stats === undefined) return
    let count = 0
    let bytes = 0
    const open = [path]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const node = this.#nodes.get(at)
      if (node === undefined) continue
      count++
      bytes += node.data?.length ?? 0
      for (const name of node.children ?? []) open.push(joinPath(at, name))
    }
    stats.data = format(count, bytes)
  }
}

function format(count: number, bytes: number): Buffer {
  return Buffer.from(`count=${count},bytes=${bytes}`)
}

function parse(data: Buffer | null): [number, number] {
  const match = /^count=(-?\d+),bytes=(-?\d+)/.exec(data?.toString() ?? '')
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)]
}
