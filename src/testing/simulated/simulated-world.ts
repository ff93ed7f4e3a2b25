// Machines that share one time and one network, all from one seed. Start here.

import type { Platform } from '../../platform/platform.ts'
import { Links } from './links.ts'
import { Seeded } from './seeded.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { Medium, SimulatedDisk, type CrashOptions, type CrashReport } from './simulated-disk.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { SimulatedWorker } from './simulated-worker.ts'
import { VirtualTime } from './virtual-time.ts'

export interface SimulationOptions {
  readonly seed: number
}

/** One life of a machine: a Platform whose parts a test can break. */
export interface SimulatedPlatform extends Platform {
  readonly clock: SimulatedClock
  readonly disk: SimulatedDisk
  readonly random: Seeded
  /** The network of the whole world, with its faults. */
  readonly world: SimulatedNetwork
}

/** One machine: what survives a process, and the process that runs at the moment. */
export class SimulatedMachine {
  readonly name: string
  readonly #boot: (medium: Medium) => SimulatedPlatform
  readonly #network: SimulatedNetwork
  readonly #medium: Medium
  #platform: SimulatedPlatform | undefined

  constructor(
    name: string,
    network: SimulatedNetwork,
    medium: Medium,
    boot: (medium: Medium) => SimulatedPlatform,
  ) {
    this.name = name
    this.#network = network
    this.#medium = medium
    this.#boot = boot
  }

  /** The platform of the process; a new one after `kill` or `powerOff`. */
  get platform(): SimulatedPlatform {
    this.#platform ??= this.#boot(this.#medium)
    return this.#platform
  }

  /** As kill -9: timers stop, sockets reset, files keep all that was written. */
  kill(): void {
    this.#network.kill(this.name)
    this.#end()
  }

  /** As SIGSTOP: it neither hears nor does anything, and keeps what it has. */
  freeze(): void {
    this.platform.clock.freeze()
    this.#network.links.turnOff(this.name)
  }

  /** As SIGCONT: it goes on where it was, and hears what came meanwhile. */
  thaw(): void {
    this.platform.clock.thaw()
    this.#network.links.turnOn(this.name)
  }

  /** As pulling the plug: also the peers hear nothing, and unsynced bytes and names may be gone. */
  powerOff(options?: CrashOptions): CrashReport {
    this.#network.powerOff(this.name)
    this.#end()
    return this.#medium.crash(options)
  }

  #end(): void {
    this.#platform?.clock.forget()
    this.#platform?.disk.faults.end()
    this.#platform = undefined
  }
}

export class SimulatedWorld {
  readonly time = new VirtualTime()
  readonly network: SimulatedNetwork
  readonly #random: Seeded
  readonly #machines = new Map<string, SimulatedMachine>()

  constructor({ seed }: SimulationOptions) {
    this.#random = new Seeded(seed)
    this.network = new SimulatedNetwork(new Links(this.time, this.#random.fork()))
  }

  /** The machine of that name; made when first asked for. Others connect to it by this name. */
  machine(name: string): SimulatedMachine {
    const known = this.#machines.get(name)
    if (known !== undefined) return known
    const random = this.#random.fork()
    const medium = new Medium(random.fork())
    const boot = (own: Medium): SimulatedPlatform => this.#boot(name, own, random.fork())
    const machine = new SimulatedMachine(name, this.network, medium, boot)
    this.#machines.set(name, machine)
    return machine
  }

  #boot(name: string, medium: Medium, random: Seeded): SimulatedPlatform {
    const clock = new SimulatedClock(this.time)
    const disk = new SimulatedDisk(medium, clock)
    return {
      clock,
      disk,
      network: this.network.seenFrom(name, clock),
      random,
      worker: new SimulatedWorker({ clock, disk }),
      world: this.network,
    }
  }
}

/** A world of one machine, named localhost, for tests that need no more. */
export function simulatedPlatform(options: SimulationOptions): SimulatedPlatform {
  return new SimulatedWorld(options).machine('localhost').platform
}
