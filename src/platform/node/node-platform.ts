// The world of a real process: system clock, file system, TCP, system randomness, threads.
import type { Platform } from '../platform.ts'
import { fileSystem } from './file-system.ts'
import { systemClock } from './system-clock.ts'
import { systemRandom } from './system-random.ts'
import { nodeNetwork } from './node-network.ts'
import { ThreadPool, type ThreadPoolOptions } from './thread-pool.ts'

export interface NodePlatformOptions {
  /** Another module for worker threads to start with, and other limits. */
  readonly worker?: ThreadPoolOptions | undefined
}

export function nodePlatform(options: NodePlatformOptions = {}): Platform {
  return {
    clock: systemClock,
    disk: fileSystem,
    network: nodeNetwork,
    random: systemRandom,
    worker: new ThreadPool(options.worker ?? { entry: workerEntry() }),
  }
}

/** `cli/worker.ts`; in the package it lies in one folder with all modules. */
function workerEntry(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return new URL(isSource ? '../../cli/worker.ts' : './worker.js', import.meta.url)
}
