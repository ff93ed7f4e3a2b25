// The order in which a Kafka broker lists settings: that of Scala's hash map, which scripts that
// compare outputs have come to know.

const SMALLEST_TABLE = 16
const LOAD_FACTOR = 0.75

/** String.hashCode of Java, with the high half mixed into the low one. */
function mixedHash(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index++) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  }
  return hash ^ (hash >>> 16)
}

/** The distinct names, by the bucket of their hash, then by the hash. */
export function inJavaOrder(names: Iterable<string>): string[] {
  const hashed = Array.from(new Set(names), (name) => ({ name, hash: mixedHash(name) }))
  let size = SMALLEST_TABLE
  while (hashed.length >= size * LOAD_FACTOR) size *= 2
  const mask = size - 1
  hashed.sort((a, b) => (a.hash & mask) - (b.hash & mask) || a.hash - b.hash)
  return hashed.map(({ name }) => name)
}
