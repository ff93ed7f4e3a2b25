// Hears every broker say what it has become, at the moment when it does: the leader of a partition
// under an epoch, or the controller under one. No other broker may ever say the same.
import type { Logger } from '../../src/telemetry/logger.ts'
import { Contradiction } from './record-history.ts'

const LEADS = /^Leading (\S+) from epoch (\d+),/
const CONTROLS = /^Broker \d+ is the controller, epoch (\d+)$/

export class ClusterWitness {
  readonly #who = new Map<string, string>()
  readonly #onFailure: (error: Contradiction) => void
  readonly #note: (event: string) => void

  constructor(note: (event: string) => void, onFailure: (error: Contradiction) => void) {
    this.#note = note
    this.#onFailure = onFailure
  }

  /** The machine's log, overheard. */
  listenTo(machine: string, logger: Logger): Logger {
    return {
      debug: (message, error) => logger.debug(message, error),
      info: (message, error) => {
        this.#hear(machine, message)
        logger.info(message, error)
      },
      warn: (message, error) => logger.warn(message, error),
      error: (message, error) => logger.error(message, error),
      named: (component) => this.listenTo(machine, logger.named(component)),
    }
  }

  #hear(machine: string, message: string): void {
    const leads = LEADS.exec(message)
    if (leads !== null) this.#learn(machine, `leads ${leads[1]} in epoch ${leads[2]}`)
    const controls = CONTROLS.exec(message)
    if (controls !== null) this.#learn(machine, `is the controller of epoch ${controls[1]}`)
  }

  #learn(machine: string, role: string): void {
    this.#note(`${machine} ${role}`)
    const other = this.#who.get(role)
    if (other !== undefined && other !== machine) {
      this.#onFailure(new Contradiction(`${machine} ${role}, as ${other} did`))
    }
    this.#who.set(role, machine)
  }
}
