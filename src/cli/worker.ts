// The entry of worker threads.
import { mapKeys } from '../log/map-keys.ts'
import { rewriteSegments } from '../log/rewrite-segments.ts'
import { serveTasks } from '../platform/node/serve-tasks.ts'

serveTasks([mapKeys, rewriteSegments])
