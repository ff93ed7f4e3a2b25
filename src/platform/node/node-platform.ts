// The world of a real process: system clock, file system, TCP, system randomness, threads.
import type { Platform } from '../platform.ts'
import type { Worker } from '../worker.ts'
import { fileSystem } from './file-system.ts'
import { systemClock } from './system-clock.ts'
import { systemRandom } from './system-random.ts'
import { nodeNetwork } from './node-network.ts'
import { ThreadPool, type ThreadPoolOptions } from './thread-pool.ts'

export interface NodePlatformOptions {
  /** Where worker threads start, and how many there may be. Without it every task is refused. */
  readonly worker?: ThreadPoolOptions | undefined
}

export function nodePlatform(options: NodePlatformOptions = {}): Platform {
  return {
    clock: systemClock,
    disk: fileSystem,
    network: nodeNetwork,
    random: systemRandom,
    worker: options.worker === undefined ? noThreads : new ThreadPool(options.worker),
  }
}

const noThreads: Worker = {
  run: (task) => Promise.reject(new Error(`no worker thread was set up for the task ${task}`)),
  close: () => Promise.resolve(),
}
