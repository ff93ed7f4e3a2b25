// What goes wrong in a simulated cluster. Each fault begins at a time drawn from the seed and ends
// some seconds later; several may be under way, so that a cut meets a kill meets a stopped process.
import type { Seeded } from '../../src/testing/simulated/seeded.ts'
import type { SimulatedWorld } from '../../src/testing/simulated/simulated-world.ts'
import { ZOOKEEPER, type BrokerHost, type ClusterMachines } from './cluster-machines.ts'

export interface FaultOptions {
  readonly world: SimulatedWorld
  readonly random: Seeded
  readonly machines: ClusterMachines
  readonly clients: readonly string[]
  /** Whether power may be cut; then every record is synced before it is acknowledged. */
  readonly losesPower: boolean
  readonly note: (event: string) => void
  readonly onFailure: (error: unknown) => void
}

/** How often each fault is drawn, relative to the others. */
const WEIGHTS = {
  nothing: 3,
  kill: 4,
  stop: 2,
  freeze: 2,
  cut: 3,
  cutOneWay: 3,
  reset: 2,
  slow: 2,
  expire: 2,
  jump: 1,
  diskError: 1,
  slowDisk: 2,
  crashInsideAChange: 2,
  killZooKeeper: 1,
} as const

type Fault = keyof typeof WEIGHTS

export class ClusterFaults {
  count = 0
  readonly #options: FaultOptions
  #isOver = false

  constructor(options: FaultOptions) {
    this.#options = options
  }

  /** Begins one fault, or none. */
  next(): void {
    const fault = this.#draw()
    if (fault === 'nothing') return
    this.count++
    this[fault]()
  }

  /** Ends everything that is under way. */
  end(): void {
    const { network } = this.#options.world
    this.#isOver = true
    network.links.heal()
    const { machines } = this.#options
    for (const { machine } of machines.brokers) machine.platform.disk.latencyMs = () => 0
    for (const a of this.#machineNames()) {
      for (const b of this.#machineNames()) network.links.delay({ minMs: 0, maxMs: 2 }, a, b)
    }
    machines.restore()
  }

  kill(): void {
    this.#die(this.#broker(), this.#options.random.between(0, 12_000))
  }

  crashInsideAChange(): void {
    const host = this.#broker()
    if (host.running === undefined) return
    const { faults } = host.machine.platform.disk
    faults.crashAt(faults.steps + this.#options.random.between(0, 30))
    this.#options.note(`${host.name} is to die inside a change of its disk`)
    this.#later(500, () => this.#die(host, this.#options.random.between(0, 6_000)))
  }

  stop(): void {
    const host = this.#broker()
    if (host.running === undefined || host.isFrozen) return
    this.#options.note(`${host.name} is stopped in order`)
    const begun = host.stop()
    begun.catch(this.#options.onFailure)
    this.#later(this.#options.random.between(2_000, 12_000), () => {
      host.kill()
      host.start()
    })
  }

  freeze(): void {
    const { random, note } = this.#options
    const host = random.chance(0.8) ? this.#broker() : this.#options.machines.zookeeper
    if (host.isFrozen) return
    host.freeze()
    note(`${host.name} is frozen`)
    this.#later(random.between(100, 15_000), () => {
      if (host.isFrozen) note(`${host.name} goes on`)
      host.thaw()
    })
  }

  cut(): void {
    const [a, b] = this.#pair()
    const { links } = this.#options.world.network
    this.#options.note(`${a} and ${b} are cut`)
    links.cut(a, b)
    this.#later(this.#options.random.between(500, 15_000), () => links.heal(a, b))
  }

  cutOneWay(): void {
    const [a, b] = this.#pair()
    const { links } = this.#options.world.network
    this.#options.note(`${b} does not hear ${a}`)
    links.cutOneWay(a, b)
    this.#later(this.#options.random.between(500, 15_000), () => links.heal(a, b))
  }

  reset(): void {
    const [a, b] = this.#pair()
    this.#options.note(`the connections between ${a} and ${b} are reset`)
    this.#options.world.network.reset(a, b)
  }

  slow(): void {
    const [a, b] = this.#pair()
    const { random, world, note } = this.#options
    const maxMs = random.between(50, 800)
    note(`${a} to ${b} takes up to ${maxMs} ms`)
    world.network.links.delay({ minMs: 0, maxMs }, a, b)
    this.#later(random.between(1_000, 10_000), () => {
      world.network.links.delay({ minMs: 0, maxMs: 5 }, a, b)
    })
  }

  /** Long enough for its session to run out, and it does not learn so before. */
  expire(): void {
    const host = this.#broker()
    const { links } = this.#options.world.network
    this.#options.note(`${host.name} loses its session`)
    links.cut(host.name, ZOOKEEPER)
    this.#later(8_000, () => links.heal(host.name, ZOOKEEPER))
  }

  jump(): void {
    const host = this.#broker()
    const byMs = this.#options.random.between(-3_600_000, 3_600_000)
    this.#options.note(`the clock of ${host.name} jumps by ${byMs} ms`)
    host.machine.platform.clock.jump(byMs)
  }

  diskError(): void {
    const host = this.#broker()
    if (host.running === undefined) return
    // After a failed sync the system forgets what it had to write (as Linux does), which a power
    // failure later shows: no broker can survive both on its own.
    const { random, losesPower } = this.#options
    const operation = random.chance(0.5) || losesPower ? 'write' : 'sync'
    this.#options.note(`a disk of ${host.name} fails a ${operation}`)
    host.machine.platform.disk.failNext(operation, 'EIO', { path: '/data/' })
    host.hasDiskError = true
    // Its other directories serve until somebody has put in another disk.
    this.#later(random.between(2_000, 20_000), () => {
      if (!host.hasDiskError) return
      this.#options.note(`${host.name} gets another disk`)
      host.kill()
      host.start()
    })
  }

  slowDisk(): void {
    const { random, note } = this.#options
    const host = this.#broker()
    const { disk } = host.machine.platform
    const maxMs = random.between(1, 300)
    const own = random.fork()
    note(`the disk of ${host.name} takes up to ${maxMs} ms`)
    disk.latencyMs = () => own.between(0, maxMs)
    this.#later(random.between(1_000, 15_000), () => {
      disk.latencyMs = () => 0
    })
  }

  killZooKeeper(): void {
    const { machines, note, random, losesPower } = this.#options
    const { zookeeper } = machines
    if (losesPower && random.chance(0.5)) note(`zookeeper loses power: ${zookeeper.powerOff()}`)
    else {
      zookeeper.kill()
      note('zookeeper is killed')
    }
    this.#later(random.between(0, 5_000), () => {
      if (!zookeeper.isWanted) zookeeper.start()
    })
  }

  #die(host: BrokerHost, awayMs: number): void {
    const { note, random, losesPower } = this.#options
    if (losesPower && random.chance(0.6)) note(`${host.name} loses power: ${host.powerOff()}`)
    else {
      host.kill()
      note(`${host.name} is killed`)
    }
    this.#later(awayMs, () => {
      if (!host.isWanted) host.start()
    })
  }

  #later(delayMs: number, callback: () => void): void {
    this.#options.world.time.setTimer(delayMs, () => {
      if (!this.#isOver) callback()
    })
  }

  #draw(): Fault {
    const entries = Object.entries(WEIGHTS) as [Fault, number][]
    const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
    let left = this.#options.random.between(1, total)
    for (const [fault, weight] of entries) {
      left -= weight
      if (left <= 0) return fault
    }
    return 'nothing'
  }

  #broker(): BrokerHost {
    const { brokers } = this.#options.machines
    const host = brokers[this.#options.random.between(0, brokers.length - 1)]
    if (host === undefined) throw new Error('there is no broker')
    return host
  }

  /** A broker, and who it talks to. */
  #pair(): readonly [string, string] {
    const { random, clients } = this.#options
    const a = this.#broker().name
    const others = [...this.#machineNames().filter((name) => name !== a), ...clients]
    const b = others[random.between(0, others.length - 1)] ?? ZOOKEEPER
    return random.chance(0.5) ? [a, b] : [b, a]
  }

  #machineNames(): string[] {
    return [...this.#options.machines.brokers.map(({ name }) => name), ZOOKEEPER]
  }
}
