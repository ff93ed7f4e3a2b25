// Work that would hold up the event loop, in other threads. A task is a function of its input, the
// clock and the disk; it is named, because a thread finds its own copy of it by that name.
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'

/** What a task may touch. */
export interface TaskWorld {
  readonly clock: Clock
  readonly disk: Disk
}

export interface WorkerTask<Input, Output> {
  readonly name: string
  run(input: Input, world: TaskWorld): Output | Promise<Output>
}

export interface Worker {
  /**
   * Runs the task in another thread. Input and output are structured-cloned: shared memory in them
   * stays shared, and the buffers in `transfer` change owner instead of being copied. Rejects with
   * what the task threw, or with WorkerLost.
   */
  run<Input, Output>(
    task: WorkerTask<Input, Output>,
    input: Input,
    transfer?: readonly ArrayBuffer[],
  ): Promise<Output>
  close(): Promise<void>
}

/** The thread has died of something else than its task, which may be tried again. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost'
}
