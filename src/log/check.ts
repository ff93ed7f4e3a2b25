// What is damaged in a log directory, in plain words, without changing anything: for `ottla check`.
// What a start would do about it is not guessed: the start is tried, on a disk that forgets it.
import { basename, dirname, join } from 'node:path'
import type { Platform } from '../platform/platform.ts'
import { findInPartition } from './check-partition.ts'
import { PartitionOffsets } from './checkpoint-file.ts'
import { isDirectoryFile, parsePartitionDirectory } from './file-names.ts'
import { attempt, note, textOf, type Finding } from './finding.ts'
import { parseMetaProperties } from './meta-properties.ts'
import { TrialStart } from './trial-start.ts'

const META_PROPERTIES = 'meta.properties'
const CHECKPOINTS = [
  'recovery-point-offset-checkpoint',
  'log-start-offset-checkpoint',
  'replication-offset-checkpoint',
  'cleaner-offset-checkpoint',
]

/** Goes through one of the `log.dirs`. */
export async function* checkDirectory(platform: Platform, path: string): AsyncGenerator<Finding> {
  const { disk } = platform
  const entries = disk.listSync(path)
  if (entries.some(({ name }) => name === META_PROPERTIES)) {
    const own = join(path, META_PROPERTIES)
    yield* attempt(own, 'refuses the directory', () => parseMetaProperties(textOf(disk, own), own))
  }
  const trial = new TrialStart(platform, path)
  if (!trial.hadCleanShutdown) {
    yield note(path, 'was not left in order', 'checks its logs from their recovery points on')
  }
  for (const { name, kind } of entries) {
    const own = join(path, name)
    if (kind === 'directory') yield* checkEntry(platform, trial, own)
    else if (CHECKPOINTS.includes(name)) {
      yield* attempt(own, 'takes it as empty', () => PartitionOffsets.parse(textOf(disk, own)))
    } else if (!isDirectoryFile(name)) {
      yield note(own, 'is not Kafka’s', 'leaves it alone')
    }
  }
}

async function* checkEntry(
  platform: Platform,
  trial: TrialStart,
  path: string,
): AsyncGenerator<Finding> {
  const parsed = parsePartitionDirectory(basename(path))
  if (parsed === undefined) return yield note(path, 'is no partition', 'leaves it alone')
  if (parsed.kind === 'delete') return yield note(path, 'was deleted', 'removes it')
  if (parsed.kind === 'stray') return yield note(path, 'was set aside', 'leaves it alone')
  yield* findInPartition(platform.disk, trial, path)
}

/** Goes through the directory of one partition. */
export function checkPartition(platform: Platform, path: string): AsyncGenerator<Finding> {
  return findInPartition(platform.disk, new TrialStart(platform, dirname(path)), path)
}
