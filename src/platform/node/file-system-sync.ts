// All of a file system made durable at once. Node has no syncfs, but Linux has a command for it.
import { execFile } from 'node:child_process'
import { release } from 'node:os'

/** The first Linux whose syncfs tells of content that could not be written. */
const TELLS_ERRORS = [5, 8] as const

/** See `Disk.syncFileSystem`. */
export function syncFileSystem(path: string): Promise<boolean> {
  if (process.platform !== 'linux' || !tellsErrors()) return Promise.resolve(false)
  return new Promise((resolve, reject) => {
    execFile('sync', ['-f', path], (error, _output, complaint) => {
      if (error === null) resolve(true)
      else if (error.code === 'ENOENT' || /option/.test(complaint)) resolve(false)
      else reject(new Error(`${path} cannot be made durable: ${complaint.trim()}`))
    })
  })
}

function tellsErrors(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return major > TELLS_ERRORS[0] || (major === TELLS_ERRORS[0] && minor >= TELLS_ERRORS[1])
}
