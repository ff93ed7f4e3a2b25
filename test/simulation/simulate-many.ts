// `npm run simulate:many [-- --seed=N --runs=N --minutes=M --seconds=S --processes=P]`: many seeds of
// a cluster, in one process per core. A failure prints the command that repeats it; the last line
// sums up, with a hash over the traces of all seeds. No run begins after `seconds`; one that makes no
// end is killed and counts as a failure.
import { fork, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Finding, Task } from './simulation-worker.ts'

const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: 'any' },
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '10' },
    seconds: { type: 'string', default: 'Infinity' },
    processes: { type: 'string', default: String(availableParallelism()) },
  },
})
const WORKER = join(import.meta.dirname, 'simulation-worker.ts')
/** A run that takes longer is going round in circles. */
const PATIENCE_MS = 60_000
const PATIENCE_PER_MINUTE_MS = 15_000

const minutes = Number(values.minutes)
const first = Number(values.seed)
const end = first + Number(values.runs)
const patienceMs = PATIENCE_MS + minutes * PATIENCE_PER_MINUTE_MS
const beganMs = performance.now()
const findings: Finding[] = []
let next = first

const seconds = (): number => (performance.now() - beganMs) / 1_000

/** What the worker says of one seed. */
async function ask(worker: ChildProcess, seed: number): Promise<Finding> {
  const task: Task = { seed, minutes, brokers: values.brokers }
  worker.send(task)
  const over = new AbortController()
  const { signal } = over
  try {
    const said = once(worker, 'message', { signal })
    const exited = once(worker, 'exit', { signal })
    const patience = setTimeout(() => worker.kill('SIGKILL'), patienceMs)
    const [outcome] = await Promise.race([said, exited])
    clearTimeout(patience)
    if (typeof outcome === 'object' && outcome !== null) return outcome as Finding
    return { seed, failure: `no end within ${patienceMs / 1_000} s, or the process has ended` }
  } finally {
    over.abort()
  }
}

/** One process after the other, each as long as it lives. */
async function work(): Promise<void> {
  let worker: ChildProcess | undefined
  while (next < end && seconds() < Number(values.seconds)) {
    const seed = next++
    worker = worker?.connected === true ? worker : fork(WORKER)
    const finding = await ask(worker, seed)
    findings.push(finding)
    if (finding.failure === undefined) continue
    const options = `--brokers=${values.brokers} --seed=${seed} --minutes=${minutes}`
    console.log(`seed ${seed}: ${finding.failure}`)
    console.log(`again with: npm run simulate -- ${options} --trace`)
  }
  worker?.disconnect()
}

await Promise.all(Array.from({ length: Number(values.processes) }, work))
findings.sort((a, b) => a.seed - b.seed)
const reports = findings.flatMap(({ report }) => report ?? [])
const sum = (of: 'acknowledged' | 'faults'): number =>
  reports.reduce((total, report) => total + report[of], 0)
const hash = createHash('sha256')
for (const { traceHash } of reports) hash.update(traceHash)
const failed = findings.length - reports.length
console.log(
  `${findings.length} of ${values.runs} seeds, ${findings.length * minutes} virtual minutes ` +
    `in ${seconds().toFixed(0)} s; ${failed} failed; ${sum('faults')} faults, ` +
    `${sum('acknowledged')} records acknowledged; traces ${hash.digest('hex').slice(0, 16)}`,
)
if (failed > 0 || findings.length === 0) process.exitCode = 1
