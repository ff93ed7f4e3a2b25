// The entry of the binary.
import { enableCompileCache, flushCompileCache } from 'node:module'

const FLUSH_AFTER_MS = 5_000
/** Syncs of many logs run at the same time, and hold up no reads; a thread that waits costs nothing. */
const DISK_THREADS = '16'

// Read when the first of them is needed.
process.env['UV_THREADPOOL_SIZE'] ??= DISK_THREADS
enableCompileCache()
// Else only a process that ends in order would leave its compiled code to the next one.
setTimeout(flushCompileCache, FLUSH_AFTER_MS).unref()
// Whoever reads the output may have seen enough, as in `ottla topics --list | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}
const { run } = await import('./run.ts')
process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
})
