// Removal of segments in an order that a power cut cannot turn into a hole.
import type { LogContext } from './log-context.ts'
import type { Segment } from './segment.ts'

/**
 * Removes the files of segments, given oldest first, so that no power cut leaves a newer one
 * without an older one: the name of each log file is durably gone before the next.
 */
export async function removeNewestFirst(
  context: LogContext,
  segments: readonly Segment[],
): Promise<void> {
  const { disk } = context.platform
  for (const segment of segments.toReversed()) {
    segment.close()
    const { log } = segment.files
    for (const path of segment.existingFiles().toSorted((a) => (a === log ? -1 : 1))) {
      disk.removeSync(path)
    }
    await disk.syncDirectory(segment.directory)
  }
}
