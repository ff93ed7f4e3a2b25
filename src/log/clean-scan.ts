// What both steps of a compaction share: the segments as plain values, and the walk through one in a
// thread that does nothing else.
import type { TaskWorld } from '../platform/worker.ts'
import { scanBatches } from './batch-scan.ts'
import type { Pace } from './clean-control.ts'
import { LazyFile } from './lazy-file.ts'
import { Residency } from './residency.ts'
import { segmentFiles } from './segment.ts'

const CHUNK_BYTES = 1024 * 1024

/** A finished segment. */
export interface PlannedSegment {
  readonly baseOffset: number
  /** Where the next one begins. */
  readonly endOffset: number
  readonly bytes: number
}

export interface CleanScan {
  readonly world: TaskWorld
  readonly directory: string
  readonly segment: PlannedSegment
  readonly from: number
  readonly pace: Pace
}

/**
 * Calls `visit` with each batch, valid only during the call, until it answers true. Returns the
 * bytes read. Throws when the file is not what it was.
 */
export async function scanSegment(
  scan: CleanScan,
  visit: (b: Buffer, p: number) => boolean,
): Promise<number> {
  const path = segmentFiles(scan.directory, scan.segment.baseOffset).log
  const file = new LazyFile(scan.world.disk, new Residency(1), path, 'read')
  let bytesRead = 0
  let wasStopped = false
  const range = {
    from: scan.from,
    to: scan.segment.bytes,
    verify: true,
    chunkBytes: CHUNK_BYTES,
    blocks: true,
    pause: (bytes: number): Promise<void> => {
      bytesRead += bytes
      return scan.pace.spend(bytes)
    },
  }
  try {
    const stop = await scanBatches(file, range, (b, p) => {
      wasStopped = visit(b, p)
      return wasStopped ? 'enough' : undefined
    })
    if (stop === undefined || wasStopped) return bytesRead
    throw new Error(`${path} at byte ${stop.position}: ${stop.problem}`)
  } finally {
    file.close()
  }
}
