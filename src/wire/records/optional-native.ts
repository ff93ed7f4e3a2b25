// Loads a native addon that npm installs only where a prebuilt binary exists. Synchronous, so
// that importing the broker never makes a module graph asynchronous.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The function `member` of package `name`, or undefined when the package is not there. */
export function optionalNative<F>(
  name: string,
  member: string,
  works: (candidate: unknown) => candidate is F,
): F | undefined {
  try {
    const loaded: unknown = require(name)
    if (typeof loaded !== 'object' || loaded === null) return undefined
    const candidate: unknown = Reflect.get(loaded, member)
    return works(candidate) ? candidate : undefined
  } catch {
    return undefined
  }
}
