// What goes wrong on a simulated disk, and when: single errors, a full or read-only disk, and a
// process that dies in the middle of its n-th change.

import { diskError } from '../../platform/disk-error.ts'

/** Operations that change nothing come first. */
const READING = ['read', 'list', 'stat', 'size'] as const
const CHANGING = [
  'open',
  'write',
  'sync',
  'truncate',
  'close',
  'makeDirectory',
  'rename',
  'remove',
  'removeTree',
  'syncDirectory',
  'syncFileSystem',
  'lock',
] as const

export type DiskOperation = (typeof READING)[number] | (typeof CHANGING)[number]

export interface DiskStep {
  readonly index: number
  readonly operation: DiskOperation
  readonly path: string
}

export interface FailureOptions {
  /** Only operations whose path contains this. */
  readonly path?: string
  /** Lets this many matching operations pass first. */
  readonly after?: number
  /** How many then fail; Infinity for all. */
  readonly times?: number
}

interface Failure extends FailureOptions {
  readonly operation: DiskOperation
  readonly code: string
  seen: number
}

const READ_ONLY_BREAKS = new Set<DiskOperation>([
  'write',
  'truncate',
  'makeDirectory',
  'rename',
  'remove',
  'removeTree',
])

const changingOperations = new Set<string>(CHANGING)

/** The code of every operation of a process that a crash point has ended. */
export const CRASHED = 'ECRASHED'

export class DiskFaults {
  /** Every write fails with EROFS. */
  isReadOnly = false
  /** How many bytes files may still grow; then ENOSPC. */
  freeBytes = Infinity
  #isCrashed = false
  #crashAt = Infinity
  #recording: DiskStep[] | undefined
  #steps = 0
  readonly #failures: Failure[] = []

  /** Changing operations so far: the crash points of the run are 0 to this, excluded. */
  get steps(): number {
    return this.#steps
  }

  /** Inside an effect: whether the process ends in this very operation. */
  get isLastStep(): boolean {
    return this.#steps - 1 >= this.#crashAt
  }

  get isCrashed(): boolean {
    return this.#isCrashed
  }

  /** The changing operations since `record`. */
  get recorded(): readonly DiskStep[] {
    return this.#recording ?? []
  }

  record(): void {
    this.#recording = []
  }

  failNext(operation: DiskOperation, code: string, options: FailureOptions = {}): void {
    this.#failures.push({ ...options, operation, code, seen: 0 })
  }

  /**
   * Ends the process in the middle of its changing operation number `step`: that one may or may
   * not have happened, everything after it fails with ECRASHED.
   */
  crashAt(step: number): void {
    this.#crashAt = step
  }

  /** The next life starts without faults, and counts its steps from 0. */
  reset(): void {
    this.#isCrashed = false
    this.#crashAt = Infinity
    this.#steps = 0
    this.#failures.length = 0
  }

  /** Nothing works any more. */
  end(): void {
    this.#isCrashed = true
  }

  perform<Result>(operation: DiskOperation, path: string, effect: () => Result): Result {
    this.#before(operation, path)
    if (!changingOperations.has(operation)) return effect()
    const index = this.#steps++
    this.#recording?.push({ index, operation, path })
    const result = effect()
    if (index < this.#crashAt) return result
    this.#isCrashed = true
    throw this.#crashed(path)
  }

  #before(operation: DiskOperation, path: string): void {
    if (this.#isCrashed) throw this.#crashed(path)
    for (const failure of this.#failures) {
      if (failure.operation !== operation || !path.includes(failure.path ?? '')) continue
      const turn = failure.seen++ - (failure.after ?? 0)
      if (turn < 0 || turn >= (failure.times ?? 1)) continue
      throw diskError(failure.code, `simulated failure of ${operation}`, path)
    }
    if (this.isReadOnly && READ_ONLY_BREAKS.has(operation)) {
      throw diskError('EROFS', 'read-only file system', path)
    }
  }

  #crashed(path: string): Error {
    return diskError(CRASHED, 'the simulated process has ended', path)
  }
}
