// How far a broker is, for `/readyz`, its metrics and whoever starts it.
import type { LoadProgress } from '../log/load-progress.ts'

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
  #progress: LoadProgress | undefined

  get phase(): Phase {
    return this.#phase
  }

  /** One line for a person. */
  get detail(): string {
    if (this.#phase !== 'recovery' || this.#progress === undefined) return this.#detail
    return `${this.#detail}: ${this.#progress.describe()}`
  }

  get brokerState(): number {
    return BROKER_STATES[this.#phase]
  }

  begin(phase: Phase, detail: string): void {
    this.#phase = phase
    this.#detail = detail
  }

  onLoadProgress(progress: LoadProgress): void {
    this.#progress = progress
  }
}
