// Disk failures that we raise ourselves, in the shape of the system's.
import type { DiskError } from './disk.ts'

class RaisedDiskError extends Error implements DiskError {
  override readonly name = 'DiskError'
  readonly code: string
  readonly path: string

  constructor(code: string, message: string, path: string) {
    super(message)
    this.code = code
    this.path = path
  }
}

/** An error with the system's `code` (ENOENT, ELOCKED, ...) and a sentence that names the path. */
export function diskError(code: string, message: string, path: string): DiskError {
  return new RaisedDiskError(code, `${code}: ${message}, ${path}`, path)
}

/** Whether `error` is a failure of the file system: it has a `code`. */
export function isDiskError(error: unknown): error is DiskError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
