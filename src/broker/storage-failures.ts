// What a broker does when disks fail. A log directory that is lost is told to the controller, which
// elects other leaders, and to the coordinators whose partitions lay there; the other directories go
// on. (Of one lost at the start the controller learns from the answers to its first requests.)
// Without any directory, or without its own ZooKeeper, the broker is of no use and says so once.
import type { Logs, TopicPartition } from '../log/logs.ts'
import { LOG_DIR_EVENTS } from '../metadata/znode-paths.ts'
import { encodeLogDirEvent } from '../metadata/znodes.ts'
import type { Clock, Timer } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'
import type { ZooKeeperServer } from '../zookeeper/server.ts'

export interface StorageFailuresOptions {
  readonly brokerId: number
  readonly clock: Clock
  readonly logger: Logger
  readonly logs: Pick<Logs, 'onDirectoryFailure' | 'liveDirectories' | 'offlineDirectories'>
  readonly zookeeper: Pick<ZooKeeperClient, 'create'>
  readonly embedded: Pick<ZooKeeperServer, 'onFailure'> | undefined
  /** Partitions of this broker went with their directory. */
  readonly onPartitionsLost: (partitions: readonly TopicPartition[]) => void
  /** The broker cannot go on; the message says why. Called once. */
  readonly onFatal: (error: Error) => void
}

/** The broker has nothing left to store with, and stops. */
export class StorageLost extends Error {
  override readonly name = 'StorageLost'
}

const RETRY_MS = 1_000

export class StorageFailures {
  readonly #options: StorageFailuresOptions
  #isFatal = false
  #isClosed = false
  #retry: Timer | undefined

  constructor(options: StorageFailuresOptions) {
    this.#options = options
    options.logs.onDirectoryFailure((_directory, lost) => this.#onDirectoryLost(lost))
    options.embedded?.onFailure((error) =>
      this.#fail(`the embedded ZooKeeper has failed: ${error.message}`, error),
    )
  }

  close(): void {
    this.#isClosed = true
    this.#retry?.cancel()
  }

  #onDirectoryLost(lost: readonly TopicPartition[]): void {
    const { logs, logger, onPartitionsLost } = this.#options
    if (this.#isClosed) return
    onPartitionsLost(lost)
    if (logs.liveDirectories.length === 0) {
      this.#fail(`all log directories have failed: ${logs.offlineDirectories.join(', ')}`)
      return
    }
    logger.warn(`${lost.length} partitions are offline; telling the controller.`)
    this.#notify()
  }

  // Once more until it is there: without it the controller leaves leaderships here that nobody serves.
  #notify(): void {
    const { zookeeper, brokerId, clock, logger } = this.#options
    this.#retry?.cancel()
    const path = `${LOG_DIR_EVENTS}/log_dir_event_`
    const data = encodeLogDirEvent(brokerId)
    zookeeper.create(path, data, { sequential: true }).catch((error: unknown) => {
      if (this.#isClosed) return
      logger.warn('Cannot tell the controller about a lost log directory; trying again.', error)
      this.#retry = clock.setTimer(RETRY_MS, () => this.#notify())
    })
  }

  #fail(reason: string, cause?: Error): void {
    if (this.#isFatal || this.#isClosed) return
    this.#isFatal = true
    this.#options.logger.error(`Stopping, as ${reason}`)
    this.#options.onFatal(new StorageLost(reason, { cause }))
  }
}
