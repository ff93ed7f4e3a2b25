// What the logs of one broker share: the world, the limits, and the round in which they write.
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import { DirectorySyncs } from './directory-syncs.ts'
import { ReadMemory } from './read-memory.ts'
import { Residency } from './residency.ts'
import { TailMemory } from './tail-cache.ts'
import { WriteRound } from './write-round.ts'

const DEFAULT_OPEN_FILES = 2000
const DEFAULT_INDEX_BYTES = 64 * 1024 * 1024
const DEFAULT_TAIL_BYTES = 64 * 1024 * 1024

export interface LogContextOptions {
  readonly platform: Platform
  readonly logger: Logger
  readonly maxOpenFiles?: number | undefined
  readonly maxIndexBytes?: number | undefined
  readonly maxTailBytes?: number | undefined
  readonly producerIdExpirationMs?: number | undefined
}

export class LogContext {
  readonly platform: Platform
  readonly logger: Logger
  readonly openFiles: Residency
  readonly indexTables: Residency
  readonly tailMemory: TailMemory
  readonly writeRound: WriteRound
  readonly readMemory = new ReadMemory()
  readonly directorySyncs: DirectorySyncs
  /** producer.id.expiration.ms; may change while running. */
  producerIdExpirationMs: number

  constructor(options: LogContextOptions) {
    this.platform = options.platform
    this.logger = options.logger
    this.openFiles = new Residency(options.maxOpenFiles ?? DEFAULT_OPEN_FILES)
    this.indexTables = new Residency(options.maxIndexBytes ?? DEFAULT_INDEX_BYTES)
    this.tailMemory = new TailMemory(options.maxTailBytes ?? DEFAULT_TAIL_BYTES)
    this.writeRound = new WriteRound(options.platform.clock)
    this.directorySyncs = new DirectorySyncs(options.platform.disk)
    this.producerIdExpirationMs = options.producerIdExpirationMs ?? 86_400_000
  }
}
