// The files of `version-2/`: which there are, which belong together, and what makes a directory
// somebody else's. Names carry zxids in hex: `snapshot.<last zxid in it>`, `log.<first zxid in it>`.
import { join } from 'node:path'
import type { Disk } from '../platform/disk.ts'

export interface NumberedFile {
  readonly path: string
  readonly zxid: number
}

export const FILE_VERSION = 2
export const LOG_MAGIC = 0x5a4b4c47
export const SNAPSHOT_MAGIC = 0x5a4b534e
export const FILE_HEADER_BYTES = 16
export const SECRET_FILE = 'session-secret'
export const LOCK_FILE = '.lock'

/** What may lie beside `version-2` in a directory that is ours to use. */
const KNOWN_NAMES: ReadonlySet<string> = new Set([
  'version-2',
  'myid',
  'initialize',
  'zookeeper_server.pid',
  'lost+found',
  SECRET_FILE,
  LOCK_FILE,
])

/** A reason not to start on the directory; nothing in it has been changed. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'
}

export function versionDirectory(directory: string): string {
  return join(directory, 'version-2')
}

export function numberedName(kind: 'log' | 'snapshot', zxid: number): string {
  return `${kind}.${zxid.toString(16)}`
}

/** Files of one kind by ascending zxid; none when the directory is missing. */
export function numberedFiles(
  disk: Disk,
  directory: string,
  kind: 'log' | 'snapshot',
): NumberedFile[] {
  if (disk.statSync(directory) === undefined) return []
  const files: NumberedFile[] = []
  for (const { name, kind: entryKind } of disk.listSync(directory)) {
    const [prefix, hex = '', ...rest] = name.split('.')
    if (entryKind !== 'file' || prefix !== kind || rest.length > 0) continue
    if (/^[0-9a-f]{1,14}$/.test(hex)) {
      files.push({ path: join(directory, name), zxid: Number.parseInt(hex, 16) })
    }
  }
  return files.sort((left, right) => left.zxid - right.zxid)
}

/** Refuses a directory that holds something other than ZooKeeper's data. */
export function refuseForeign(disk: Disk, directory: string): void {
  const status = disk.statSync(directory)
  if (status === undefined) return
  if (status.kind !== 'directory') {
    throw new DirectoryError(`${directory} is not a directory; name another as ZooKeeper's dataDir`)
  }
  const names = disk.listSync(directory).map((entry) => entry.name)
  const foreign = names.filter((name) => !KNOWN_NAMES.has(name))
  if (foreign.length === 0) return
  if (names.includes('version-2') && !names.includes('meta.properties')) return
  throw new DirectoryError(
    `${directory} holds something other than ZooKeeper's data (${foreign.slice(0, 3).join(', ')}); ` +
      'it was left as it is. Name an empty directory, or one with ZooKeeper data, as dataDir',
  )
}
