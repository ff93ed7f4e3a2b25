// What Linux says of a process: processor time and resident memory; and a window to measure in.
import { readFileSync } from 'node:fs'
import { pause } from './pause.ts'

const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096
const USER_TIME = 11
const SYSTEM_TIME = 12

/** Seconds of processor time that the processes have used, user and system. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])
  }
  return ticks / TICKS_PER_SECOND
}

/** Bytes of resident memory of the processes together. */
export function residentBytes(pids: readonly number[]): number {
  let pages = 0
  for (const pid of pids) {
    pages += Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
  }
  return pages * PAGE_BYTES
}

/** Lets the load count for `job.seconds`, or until it says enough: how long it was, and what the broker's processes used. */
export async function measure(
  job: { readonly pids: readonly number[]; readonly seconds: number },
  count: (isMeasuring: boolean) => void,
  enough?: Promise<void>,
): Promise<{ seconds: number; cpuSeconds: number }> {
  const cpuBefore = cpuSeconds(job.pids)
  const startedAt = performance.now()
  count(true)
  const time = pause(job.seconds * 1000)
  await (enough === undefined ? time : Promise.race([time, enough]))
  count(false)
  const seconds = (performance.now() - startedAt) / 1000
  return { seconds, cpuSeconds: cpuSeconds(job.pids) - cpuBefore }
}
