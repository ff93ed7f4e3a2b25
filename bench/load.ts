// The load generator: a process of its own that gets a job as JSON and prints what it measured.
import { runJob, type Job } from './jobs.ts'

const [, , text = ''] = process.argv
const job: Job = JSON.parse(text)
console.log(JSON.stringify(await runJob(job)))
process.exit(0)
