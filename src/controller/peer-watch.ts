// Watches the processes of other brokers, faster than their sessions run out. A connection to each
// is held open and used for nothing. When it closes and the listener refuses several times in a row,
// the process is gone: a killed one leaves this evidence at once. A frozen or cut-off broker leaves
// none (connections stay or time out) and keeps its session, so silence is never taken for death.
import type { Clock } from '../platform/clock.ts'
import { sleep } from '../platform/clock.ts'
import type { Network, Socket } from '../platform/network.ts'

const REFUSALS_NEEDED = 3
const REFUSED_INTERVAL_MS = 75
/** Between attempts when the broker is known to be gone, or nothing is known about it. */
const IDLE_INTERVAL_MS = 1000
const CONNECT_TIMEOUT_MS = 1000

export interface PeerWatchOptions {
  readonly network: Network
  readonly clock: Clock
  /** The process of this broker is gone. */
  readonly onGone: (brokerId: number) => void
  /** It answers again. */
  readonly onBack: (brokerId: number) => void
}

type Outcome = Socket | 'refused' | 'unknown'

interface Peer {
  readonly host: string
  readonly port: number
  isWatched: boolean
  isGone: boolean
  socket: Socket | undefined
}

export class PeerWatch {
  readonly #options: PeerWatchOptions
  readonly #peers = new Map<number, Peer>()

  constructor(options: PeerWatchOptions) {
    this.#options = options
  }

  /** Watches exactly these brokers from now on. */
  watchOnly(wanted: ReadonlyMap<number, { readonly host: string; readonly port: number }>): void {
    for (const [brokerId, peer] of this.#peers) {
      const endpoint = wanted.get(brokerId)
      if (endpoint?.host !== peer.host || endpoint.port !== peer.port) this.#forget(brokerId, peer)
    }
    for (const [brokerId, { host, port }] of wanted) {
      if (this.#peers.has(brokerId)) continue
      const peer: Peer = { host, port, isWatched: true, isGone: false, socket: undefined }
      this.#peers.set(brokerId, peer)
      void this.#follow(brokerId, peer)
    }
  }

  /** Whether the last that was heard of the broker is that it is gone. */
  isGone(brokerId: number): boolean {
    return this.#peers.get(brokerId)?.isGone === true
  }

  close(): void {
    this.watchOnly(new Map())
  }

  #forget(brokerId: number, peer: Peer): void {
    peer.isWatched = false
    peer.socket?.destroy()
    this.#peers.delete(brokerId)
  }

  async #follow(brokerId: number, peer: Peer): Promise<void> {
    const { clock, onGone } = this.#options
    let refusals = 0
    while (peer.isWatched) {
      const outcome = await this.#connect(peer)
      if (!peer.isWatched) {
        if (typeof outcome !== 'string') outcome.destroy()
        return
      }
      if (outcome === 'refused') {
        refusals += 1
        if (refusals === REFUSALS_NEEDED && !peer.isGone) {
          peer.isGone = true
          onGone(brokerId)
        }
        await sleep(clock, peer.isGone ? IDLE_INTERVAL_MS : REFUSED_INTERVAL_MS)
      } else {
        refusals = 0
        if (outcome === 'unknown') await sleep(clock, IDLE_INTERVAL_MS)
        else await this.#hold(brokerId, peer, outcome)
      }
    }
  }

  async #connect({ host, port }: Peer): Promise<Outcome> {
    try {
      return await this.#options.network.connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS })
    } catch (error) {
      const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
      return code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'refused' : 'unknown'
    }
  }

  // Until the connection closes. One that closes as soon as it is made must not spin.
  async #hold(brokerId: number, peer: Peer, socket: Socket): Promise<void> {
    const { clock, onBack } = this.#options
    const sinceMs = clock.monotonicMs()
    peer.socket = socket
    const closed = new Promise<void>((resolve) => {
      socket.listen({ onData() {}, onDrain() {}, onClose: () => resolve() })
    })
    if (peer.isGone) {
      peer.isGone = false
      onBack(brokerId)
    }
    await closed
    peer.socket = undefined
    if (clock.monotonicMs() - sinceMs < IDLE_INTERVAL_MS) await sleep(clock, REFUSED_INTERVAL_MS)
  }
}
