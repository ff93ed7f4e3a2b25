// What a znode path may look like, and the ways from one to another. Pure text.

/** Paths that can never be deleted. */
export const SPECIAL_PATHS: ReadonlySet<string> = new Set([
  '/',
  '/zookeeper',
  '/zookeeper/quota',
  '/zookeeper/config',
])

/** '/' for a child of the root; undefined for the root itself and for a relative path. */
export function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf('/')
  if (slash < 0 || path.length === 1) return undefined
  return slash === 0 ? '/' : path.slice(0, slash)
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function joinPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`
}

/** Why ZooKeeper refuses the path, undefined when it does not (`PathUtils.validatePath`). */
export function pathFault(path: string): string | undefined {
  if (path.length === 0) return 'Path length must be > 0'
  if (path[0] !== '/') return 'Path must start with / character'
  if (path.length === 1) return undefined
  if (path.endsWith('/')) return 'Path must not end with / character'
  for (const name of path.slice(1).split('/')) {
    if (name === '') return 'empty node name specified'
    if (name === '.' || name === '..') return 'relative paths not allowed'
  }
  for (let index = 1; index < path.length; index++) {
    if (isForbidden(path.charCodeAt(index))) return `invalid character @${index}`
  }
  return undefined
}

/** Control characters, surrogates and the private use area, and the specials at the end. */
function isForbidden(code: number): boolean {
  if (code <= 0x1f) return true
  if (code < 0x7f) return false
  return code <= 0x9f || (code >= 0xd800 && code <= 0xf8ff) || code >= 0xfff0
}
