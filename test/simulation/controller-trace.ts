// What a scenario of the controller prints: the znodes that have changed since it last looked, and
// the requests that have reached brokers.
import { decodeState, decodeTopic } from '../../src/metadata/znodes.ts'
import type { ControllerWorld } from './controller-world.ts'

/** A znode. */
export interface Node {
  readonly data: Buffer | null
  readonly version: number
}

export class ControllerTrace {
  readonly lines: string[] = []
  readonly #world: ControllerWorld
  #nodes: ReadonlyMap<string, Node> = new Map()
  #printed = 0

  constructor(world: ControllerWorld) {
    this.#world = world
  }

  /** A znode as it was when the trace last looked. */
  node(path: string): Node | undefined {
    return this.#nodes.get(path)
  }

  /** Adds a line for each change. */
  async printChanges(): Promise<void> {
    const nodes = await this.#readAll('')
    for (const [path, node] of nodes) {
      const before = this.#nodes.get(path)
      if (before?.version !== node.version || !sameData(before.data, node.data)) {
        this.#print(path, node)
      }
    }
    for (const path of this.#nodes.keys()) if (!nodes.has(path)) this.lines.push(`  - ${path}`)
    this.#nodes = nodes
    this.#printReceived()
  }

  #print(path: string, { data, version }: Node): void {
    const state = /^\/brokers\/topics\/(.*)\/partitions\/(\d+)\/state$/.exec(path)
    if (state !== null) {
      const it = decodeState(data)
      const recovering = it?.leaderRecoveryState === 1 ? ' recovering' : ''
      const { leader = 0, leaderEpoch = 0, isr = [] } = it ?? {}
      this.lines.push(
        `  ${state[1]}-${state[2]}: leader ${leader} epoch ${leaderEpoch} isr ${isr.join()} version ${version}${recovering}`,
      )
      return
    }
    const topic = /^\/brokers\/topics\/([^/]*)$/.exec(path)
    if (topic !== null) this.#printTopic(topic[1] ?? '', data)
    else if (!SILENT.test(path)) {
      this.lines.push(`  ${path} ${data === null ? '' : data.toString().replace(TIMESTAMP, '')}`)
    }
  }

  #printTopic(name: string, data: Buffer | null): void {
    for (const [index, it] of decodeTopic(data)?.partitions ?? []) {
      const adding = it.adding.length === 0 ? '' : ` adding ${it.adding.join()}`
      const removing = it.removing.length === 0 ? '' : ` removing ${it.removing.join()}`
      this.lines.push(`  ${name}-${index}: replicas ${it.replicas.join()}${adding}${removing}`)
    }
  }

  // The same request to several brokers is one line.
  #printReceived(): void {
    const fresh = this.#world.received.slice(this.#printed)
    this.#printed = this.#world.received.length
    const byText = Map.groupBy(fresh, ({ text }) => text)
    for (const [text, received] of byText) {
      const ids = [...new Set(received.map(({ brokerId }) => String(brokerId)))].toSorted().join()
      this.lines.push(`  ${ids} <- ${text}`)
    }
  }

  async #readAll(path: string, nodes = new Map<string, Node>()): Promise<Map<string, Node>> {
    const { zookeeper } = this.#world
    const { data, stat } = await zookeeper.get(path === '' ? '/' : path)
    nodes.set(path, { data, version: stat.version })
    const children = await zookeeper.children(path === '' ? '/' : path)
    for (const child of children.sort()) await this.#readAll(`${path}/${child}`, nodes)
    return nodes
  }
}

// Nodes that say nothing about the controller.
const SILENT =
  /^(|\/zookeeper.*|\/config.*|\/consumers|\/cluster|\/admin|\/brokers.*|\/isr_change.*|\/log_dir.*|\/feature|\/admin\/delete_topics|\/latest_producer_id_block)$/
const TIMESTAMP = /"timestamp":"\d+",/

function sameData(left: Buffer | null, right: Buffer | null): boolean {
  return left === null || right === null ? left === right : left.equals(right)
}
