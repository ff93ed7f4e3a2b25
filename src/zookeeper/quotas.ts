// Quotas: for each node with limits under `/zookeeper/quota`, how many nodes and bytes it and what
// lies below it hold. The counts are the content of `zookeeper_stats` beside the limits; like
// ZooKeeper's they are kept outside transactions, recounted on start-up, and only reported.
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
    if (this.#limited.size === 0 || (nodes === 0 && bytes === 0)) return
    for (let at: string | undefined = path; at !== undefined; at = parentOf(at)) {
      if (!this.#limited.has(at)) continue
      const stats = this.#nodes.get(ROOT + at + STATS)
      if (stats === undefined) return
      const [count, size] = parse(stats.data)
      stats.data = format(count + nodes, size + bytes)
      return
    }
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
