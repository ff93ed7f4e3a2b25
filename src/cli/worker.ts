// The entry of worker threads.
import { serveTasks } from '../platform/node/serve-tasks.ts'

serveTasks([])
