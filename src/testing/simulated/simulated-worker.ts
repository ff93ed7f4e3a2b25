// Tasks of worker threads, run in place. Input and output are cloned as between threads.
import type { Worker } from '../../platform/worker.ts'

export type SimulatedTasks = Readonly<Record<string, (input: unknown) => unknown>>

interface Waiting {
  resolve(output: unknown): void
}

export class SimulatedWorker implements Worker {
  readonly #tasks: SimulatedTasks

  constructor(tasks: SimulatedTasks) {
    this.#tasks = tasks
  }

  async run<Output>(task: string, input: unknown, transfer: readonly ArrayBuffer[] = []) {
    const run = this.#tasks[task]
    if (run === undefined) throw new Error(`no task has the name ${task}`)
    const received: unknown = structuredClone(input, { transfer: [...transfer] })
    const output = structuredClone(await run(received))
    return new Promise<Output>((resolve) => {
      const waiting: Waiting = { resolve }
      waiting.resolve(output)
    })
  }

  async close(): Promise<void> {}
}
