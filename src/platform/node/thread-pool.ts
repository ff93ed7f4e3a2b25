// Worker threads that come with the first task and go after a while without any.
import { Worker as Thread } from 'node:worker_threads'
import { WorkerLost, type Worker, type WorkerTask } from '../worker.ts'
import type { TaskAnswer, TaskQuestion } from './serve-tasks.ts'

export interface ThreadPoolOptions {
  /** The module that calls `serveTasks` with the tasks it knows. */
  readonly entry: URL
  readonly maxThreads?: number | undefined
  /** A thread without work ends after this. */
  readonly idleMs?: number | undefined
  /** Tasks that may wait for a thread; more are refused. */
  readonly maxQueued?: number | undefined
}

/** More than anybody asks for at a time: those who ask keep their own limits. */
const DEFAULT_MAX_THREADS = 16
const DEFAULT_IDLE_MS = 10_000
const DEFAULT_MAX_QUEUED = 10_000

/** Of a thread's heap, which the settings of the process's own are not meant for. */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 32 }

interface Job {
  readonly question: TaskQuestion
  readonly transfer: readonly ArrayBuffer[]
  resolve(output: unknown): void
  reject(error: Error): void
}

interface Seat {
  readonly thread: Thread
  job: Job | undefined
  idleTimeout: NodeJS.Timeout | undefined
}

export class ThreadPool implements Worker {
  readonly #entry: URL
  readonly #maxThreads: number
  readonly #idleMs: number
  readonly #maxQueued: number
  readonly #seats = new Set<Seat>()
  readonly #queue: Job[] = []
  #closed = false

  constructor(options: ThreadPoolOptions) {
    this.#entry = options.entry
    this.#maxThreads = options.maxThreads ?? DEFAULT_MAX_THREADS
    this.#idleMs = options.idleMs ?? DEFAULT_IDLE_MS
    this.#maxQueued = options.maxQueued ?? DEFAULT_MAX_QUEUED
  }

  run<Input, Output>(
    task: WorkerTask<Input, Output>,
    input: Input,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Output> {
    return new Promise<Output>((resolve, reject) => {
      if (this.#closed) return reject(new Error('the worker threads have been closed'))
      if (this.#queue.length >= this.#maxQueued) {
        return reject(new Error(`more than ${this.#maxQueued} tasks wait for a thread`))
      }
      this.#queue.push({ question: { task: task.name, input }, transfer, resolve, reject })
      this.#dispatch()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#queue.splice(0)) job.reject(new Error('the broker closes'))
    await Promise.all(Array.from(this.#seats, (seat) => seat.thread.terminate()))
  }

  #dispatch(): void {
    const job = this.#queue[0]
    if (job === undefined) return
    const seat = this.#freeSeat()
    if (seat === undefined) return
    this.#queue.shift()
    clearTimeout(seat.idleTimeout)
    seat.job = job
    seat.thread.ref()
    try {
      seat.thread.postMessage(job.question, [...job.transfer])
    } catch (error) {
      this.#settle(seat, (failed) => failed.reject(asError(error)))
    }
  }

  #freeSeat(): Seat | undefined {
    for (const seat of this.#seats) if (seat.job === undefined) return seat
    return this.#seats.size < this.#maxThreads ? this.#addSeat() : undefined
  }

  #addSeat(): Seat {
    const seat: Seat = {
      thread: new Thread(this.#entry, { execArgv: [], resourceLimits: HEAP_LIMITS }),
      job: undefined,
      idleTimeout: undefined,
    }
    seat.thread.on('message', (answer: TaskAnswer) => {
      this.#settle(seat, (job) => {
        if (answer.kind === 'output') job.resolve(answer.output)
        else job.reject(withCode(answer))
      })
    })
    seat.thread.on('error', (cause) => {
      const reason = asError(cause).message
      this.#onGone(seat, new WorkerLost(`the worker thread has failed: ${reason}`, { cause }))
    })
    seat.thread.on('exit', () => this.#onGone(seat, new WorkerLost('the worker thread has ended')))
    this.#seats.add(seat)
    return seat
  }

  #settle(seat: Seat, finish: (job: Job) => void): void {
    const { job } = seat
    seat.job = undefined
    seat.thread.unref()
    if (job !== undefined) finish(job)
    seat.idleTimeout = setTimeout(() => void seat.thread.terminate(), this.#idleMs)
    seat.idleTimeout.unref()
    this.#dispatch()
  }

  #onGone(seat: Seat, error: Error): void {
    clearTimeout(seat.idleTimeout)
    this.#seats.delete(seat)
    const { job } = seat
    seat.job = undefined
    job?.reject(error)
    if (!this.#closed) this.#dispatch()
  }
}

function withCode({ error, code }: Extract<TaskAnswer, { kind: 'error' }>): Error {
  return code === undefined ? error : Object.assign(error, { code })
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
