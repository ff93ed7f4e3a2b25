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

const SLASH = 0x2f
const DOT = 0x2e

/** Why ZooKeeper refuses the path, in its words; undefined when it does not. */
export function pathFault(path: string): string | undefined {
  if (path.length === 0) return 'Path length must be > 0'
  if (path.charCodeAt(0) !== SLASH) return 'Path must start with / character'
  if (path.length === 1) return undefined
  if (path.charCodeAt(path.length - 1) === SLASH) return 'Path must not end with / character'
  let nameStart = 1
  for (let index = 1; index < path.length; index++) {
    const code = path.charCodeAt(index)
    if (code === SLASH) {
      if (index === nameStart) return invalid(path, `empty node name specified @${index}`)
      nameStart = index + 1
    } else if (code === DOT && isRelative(path, nameStart, index)) {
      return invalid(path, `relative paths not allowed @${index}`)
    } else if (code === 0) {
      return invalid(path, `null character not allowed @${index}`)
    } else if (isForbidden(code)) {
      return invalid(path, `invalid character @${index}`)
    }
  }
  return undefined
}

function invalid(path: string, reason: string): string {
  return `Invalid path string "${path}" caused by ${reason}`
}

/** Whether the name that ends with this dot is . or .. */
function isRelative(path: string, nameStart: number, index: number): boolean {
  const isLast = index + 1 === path.length || path.charCodeAt(index + 1) === SLASH
  if (!isLast || index - nameStart > 1) return false
  return index === nameStart || path.charCodeAt(nameStart) === DOT
}

/** Control characters, surrogates and the private use area, and the specials at the end. */
function isForbidden(code: number): boolean {
  if (code <= 0x1f) return true
  if (code < 0x7f) return false
  return code <= 0x9f || (code >= 0xd800 && code <= 0xf8ff) || code >= 0xfff0
}
