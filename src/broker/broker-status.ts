// How far a broker is, for `/readyz`, its metrics and whoever starts it.
import type { LoadProgress } from '../log/load-directory.ts'

export type Phase = 'starting' | 'recovery' | 'running' | 'stopping' | 'stopped'

/** Kafka's numbers of the gauge `BrokerState`. */
const BROKER_STATES: Readonly<Record<Phase, number>> = {
  stopped: 0,
  starting: 1,
  recovery: 2,
  running: 3,
  stopping: 6,
}

export class BrokerStatus {
  #phase: Phase = 'starting'
  #detail = 'starting'

  get phase(): Phase {
    return this.#phase
  }

  /** One line for a person. */
  get detail(): string {
    return this.#detail
  }

  get brokerState(): number {
    return BROKER_STATES[this.#phase]
  }

  begin(phase: Phase, detail: string): void {
    this.#phase = phase
    this.#detail = detail
  }

  onLoadProgress({ directory, loaded, total, remainingMs }: LoadProgress): void {
    const left = remainingMs === undefined ? '' : `, about ${Math.ceil(remainingMs / 1000)} s left`
    this.#detail = `loading logs of ${directory}: ${loaded} of ${total}${left}`
  }
}
