// The other end of the thread pool: answers questions inside a worker thread.
import { parentPort } from 'node:worker_threads'

export interface TaskQuestion {
  readonly task: string
  readonly input: unknown
}

export type TaskAnswer =
  | { readonly kind: 'output'; readonly output: unknown }
  | { readonly kind: 'error'; readonly error: Error }

/** Tasks by name; input and output must be cloneable. */
export type Tasks = Readonly<Record<string, (input: unknown) => unknown>>

/** Serves `tasks` to the thread that started this one. Call it once, in the pool's entry module. */
export function serveTasks(tasks: Tasks): void {
  const port = parentPort
  if (port === null) throw new Error('tasks are served inside a worker thread only')
  port.on('message', (question: TaskQuestion) => {
    void answer(tasks, question).then((reply) => port.postMessage(reply))
  })
}

async function answer(tasks: Tasks, { task, input }: TaskQuestion): Promise<TaskAnswer> {
  try {
    const run = tasks[task]
    if (run === undefined) throw new Error(`no task has the name ${task}`)
    return { kind: 'output', output: await run(input) }
  } catch (error) {
    return { kind: 'error', error: error instanceof Error ? error : new Error(String(error)) }
  }
}
