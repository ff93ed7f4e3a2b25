// Tasks of worker threads, run in place. Input and output are cloned as between threads.
import type { TaskWorld, Worker, WorkerTask } from '../../platform/worker.ts'

export class SimulatedWorker implements Worker {
  readonly #world: TaskWorld

  constructor(world: TaskWorld) {
    this.#world = world
  }

  async run<Input, Output>(
    task: WorkerTask<Input, Output>,
    input: Input,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Output> {
    const received = structuredClone(input, { transfer: [...transfer] })
    return structuredClone(await task.run(received, this.#world))
  }

  async close(): Promise<void> {}
}
