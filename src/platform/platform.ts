// The only door to the world: everything else in `src/` is a function of what comes through it.
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Worker } from './worker.ts'

export interface Platform {
  readonly clock: Clock
  readonly disk: Disk
  readonly network: Network
  readonly random: Random
  readonly worker: Worker
}
