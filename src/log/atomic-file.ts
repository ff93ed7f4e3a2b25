// Replaces a small file so that a power cut leaves the old or the new content, never a part:
// write `.tmp`, sync it, rename it over the name, sync the directory.
import { dirname } from 'node:path'
import type { Disk } from '../platform/disk.ts'

export interface ReplaceOptions {
  /**
   * False leaves it to a later sync to make it durable: the old or a part may be found then;
   * 'content' leaves only the name to it: the old or the new.
   */
  readonly durable: boolean | 'content'
}

export function replaceFileSync(
  disk: Disk,
  path: string,
  content: string | Buffer,
  { durable }: ReplaceOptions,
): void {
  stageFileSync(disk, path, content, durable !== false)
  placeFileSync(disk, path)
  if (durable === true) disk.syncDirectorySync(dirname(path))
}

/** Writes what is to take the place of `path` beside it. */
export function stageFileSync(
  disk: Disk,
  path: string,
  content: string | Buffer,
  isSynced = false,
): void {
  const file = disk.openSync(`${path}.tmp`, 'create')
  try {
    file.truncateSync(0)
    file.writeSync(typeof content === 'string' ? Buffer.from(content) : content, 0)
    if (isSynced) file.syncSync()
  } finally {
    file.closeSync()
  }
}

/** Gives what was staged its place. */
export function placeFileSync(disk: Disk, path: string): void {
  disk.renameSync(`${path}.tmp`, path)
}

export async function replaceFile(
  disk: Disk,
  path: string,
  content: string | Buffer,
  { durable }: ReplaceOptions,
): Promise<void> {
  const temporary = `${path}.tmp`
  const file = await disk.open(temporary, 'create')
  try {
    file.truncateSync(0)
    await file.writev([typeof content === 'string' ? Buffer.from(content) : content], 0)
    if (durable !== false) await file.sync()
  } finally {
    file.closeSync()
  }
  await disk.rename(temporary, path)
  if (durable === true) await disk.syncDirectory(dirname(path))
}

/** The content, or undefined when no such file exists. */
export function readFileIfPresent(disk: Disk, path: string): Buffer | undefined {
  try {
    return disk.readFileSync(path)
  } catch (error) {
    if (isDiskError(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Whether `error` carries the system's `code`. */
export function isDiskError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
