// The other end of the thread pool: answers questions inside a worker thread.
import { getPriority, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { isDiskError } from '../disk-error.ts'
import type { TaskWorld } from '../worker.ts'
import { fileSystem } from './file-system.ts'
import { systemClock } from './system-clock.ts'

export interface TaskQuestion {
  readonly task: string
  readonly input: unknown
}

export type TaskAnswer =
  | { readonly kind: 'output'; readonly output: unknown }
  /** `code` by itself: errors lose it on their way. */
  | { readonly kind: 'error'; readonly error: Error; readonly code: string | undefined }

/** Any `WorkerTask`; its input was made by somebody who had its type. */
export interface ServedTask {
  readonly name: string
  run(input: unknown, world: TaskWorld): unknown
}

const WORLD: TaskWorld = { clock: systemClock, disk: fileSystem }

/** Added to the priority number of the thread; larger is less. */
const NICENESS = 5

/** Serves `tasks` to the thread that started this one. Call it once, in the pool's entry module. */
export function serveTasks(tasks: readonly ServedTask[]): void {
  const port = parentPort
  if (port === null) throw new Error('tasks are served inside a worker thread only')
  giveWay()
  const byName = new Map(tasks.map((task) => [task.name, task]))
  port.on('message', (question: TaskQuestion) => {
    void answer(byName, question).then((reply) => port.postMessage(reply))
  })
}

async function answer(
  tasks: ReadonlyMap<string, ServedTask>,
  { task, input }: TaskQuestion,
): Promise<TaskAnswer> {
  try {
    const served = tasks.get(task)
    if (served === undefined) throw new Error(`no task has the name ${task}`)
    return { kind: 'output', output: await served.run(input, WORLD) }
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return { kind: 'error', error, code: isDiskError(error) ? error.code : undefined }
  }
}

/** The event loop comes first where processors are few. Elsewhere a priority is the process's. */
function giveWay(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(Math.min(19, getPriority() + NICENESS))
  } catch {
    // Not allowed here: it goes on as it is.
  }
}
