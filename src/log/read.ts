// Reading a log: from the tail in memory, else from its files. Remembers where the last reads
// ended, so that a reader that goes on needs no look-up.
import { Errors } from '../wire/errors.ts'
import { rebuildIndex, repairIndexes } from './index-repair.ts'
import type { LogState } from './log-state.ts'
import type { ReadOptions, ReadResult } from './log-types.ts'
import type { Segment } from './segment.ts'
import { CorruptLogError, EMPTY_READ, readFromFiles } from './segment-read.ts'
import type { FileReadOptions } from './segment-read.ts'

const REMEMBERED_ENDS = 4
const ATTEMPTS = 3

const OUT_OF_RANGE: ReadResult = { ...EMPTY_READ, error: Errors.OFFSET_OUT_OF_RANGE }
const STORAGE_ERROR: ReadResult = { ...EMPTY_READ, error: Errors.KAFKA_STORAGE_ERROR }

const CORRUPT: ReadResult = { ...EMPTY_READ, error: Errors.CORRUPT_MESSAGE }

interface ReadEnd {
  readonly offset: number
  readonly segment: Segment
  readonly position: number
}

export class LogReader {
  readonly #log: LogState
  #ends: ReadEnd[] = []
  #generation = 0
  /** Segments whose index was made anew: once is enough. */
  readonly #repaired = new WeakSet<Segment>()

  constructor(log: LogState) {
    this.#log = log
  }

  read(options: ReadOptions): ReadResult | Promise<ReadResult> {
    const log = this.#log
    if (log.failed) return STORAGE_ERROR
    const { fetchOffset, maxBytes, minOneBatch } = options
    if (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset) return OUT_OF_RANGE
    const maxOffset = Math.min(options.maxOffset ?? log.logEndOffset, log.logEndOffset)
    if (fetchOffset >= maxOffset || (maxBytes <= 0 && !minOneBatch)) return EMPTY_READ
    const recent = log.tail.read(fetchOffset, maxBytes, maxOffset, minOneBatch)
    if (recent !== undefined) return { error: Errors.NONE, ...recent }
    const endOffset = log.logEndOffset
    const memory = log.context.readMemory
    return this.#readFiles({ ...options, memory, maxOffset, endOffset })
  }

  async #readFiles(options: FileReadOptions): Promise<ReadResult> {
    const log = this.#log
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { generation } = log
      try {
        await repairIndexes(log, options.fetchOffset)
        const start = this.#endAt(options.fetchOffset)
        const { result, next } = await readFromFiles(log.segments, options, start)
        if (next !== undefined && generation === log.generation) this.#remember(next)
        return result
      } catch (error) {
        // The files were cut or removed under the read: look again.
        const isSettled = generation === log.generation && !(await this.#repair(error))
        if (isSettled) return this.#failed(error)
        if (options.fetchOffset < log.logStartOffset || options.maxOffset > log.logEndOffset) {
          return OUT_OF_RANGE
        }
      }
    }
    return STORAGE_ERROR
  }

  /** True when a new index may be all that it takes. */
  async #repair(error: unknown): Promise<boolean> {
    if (!(error instanceof CorruptLogError) || this.#repaired.has(error.segment)) return false
    this.#repaired.add(error.segment)
    await rebuildIndex(this.#log, error.segment, 'it leads to no batch')
    return true
  }

  /** Damage is answered to whoever reads it; a disk that cannot be read is out of use. */
  #failed(error: unknown): ReadResult {
    this.#log.context.logger.error(`Cannot read ${this.#log.name}`, error)
    if (error instanceof CorruptLogError) return CORRUPT
    this.#log.writer.fail(error)
    return STORAGE_ERROR
  }

  #endAt(offset: number): ReadEnd | undefined {
    if (this.#generation !== this.#log.generation) {
      this.#ends = []
      this.#generation = this.#log.generation
    }
    return this.#ends.find((end) => end.offset === offset)
  }

  #remember(end: ReadEnd): void {
    this.#ends = this.#ends.filter(({ offset }) => offset !== end.offset)
    if (this.#ends.length === REMEMBERED_ENDS) this.#ends.shift()
    this.#ends.push(end)
  }
}
