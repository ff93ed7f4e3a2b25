// The end of a log, in two steps: what a start after it wants to find is written, then made durable and
// the files are closed. Many logs of a directory are made durable together (close-logs.ts); between
// the steps that one does what `stageEpochs` and `placeEpochs` of log-names.ts are for.
import { makeNamesDurable, writeEpochs } from './log-names.ts'
import type { LogState } from './log-state.ts'
import { inBackground, syncLog, syncWritten } from './roll.ts'

/** Writes. Resolves with whether something has to become durable. */
export async function beginClose(log: LogState): Promise<boolean> {
  if (log.isClosed) return false
  log.isClosed = true
  await log.writer.published(log.nextOffset)
  await inBackground(log, async () => {
    if (!log.isClean) log.closing = writeClosingFiles(log)
    else if (log.segments.sizeBytes() > 0) await writeEpochs(log, { durable: false })
  })
  return log.closing !== undefined && !log.failed
}

/** Syncs, unless everything has become durable since `beginClose`, and closes the files. */
export async function endClose(log: LogState, isDurable: boolean): Promise<void> {
  await inBackground(log, async () => {
    const { closing } = log
    if (closing === undefined) return
    if (isDurable) {
      log.namesSynced = log.namesVersion
      log.metadataSynced = true
    } else if (!isEmpty(log)) {
      await makeDurable(log, closing)
    }
    log.recoveryPoint = log.logEndOffset
    log.isClean = true
    log.closing = undefined
  })
  release(log)
}

/** Closes the files and forgets what was to be done later. */
export function release(log: LogState): void {
  for (const segment of log.segments.all) segment.close()
  for (const timer of log.removals) timer.cancel()
  log.removals.clear()
  log.tail.clear()
}

/** Returns the paths of small files that have changed. */
function writeClosingFiles(log: LogState): string[] {
  if (isEmpty(log)) return []
  const { active } = log.segments
  const written: string[] = []
  active.trim()
  if (active.sizeBytes > 0) active.finishIndex()
  else void active.log.file
  for (const segment of log.segments.all) written.push(...segment.persist())
  if (!log.snapshots.has(log.logEndOffset)) {
    written.push(log.snapshots.write(log.logEndOffset, log.producers.snapshot()))
  }
  // Also files that were found empty, and stay so, have got a name.
  log.namesVersion += 1
  return written
}

async function makeDurable(log: LogState, written: readonly string[]): Promise<void> {
  const { active } = log.segments
  if (active.sizeBytes > 0) await syncLog(active)
  await syncWritten(log, written)
  await makeNamesDurable(log)
}

function isEmpty({ segments, logEndOffset }: LogState): boolean {
  return segments.length === 1 && segments.active.sizeBytes === 0 && logEndOffset === 0
}
