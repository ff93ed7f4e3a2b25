// Which partition of an internal topic an id belongs to: Java's String.hashCode over UTF-16
// units, wrapped to 32 bits, made positive (abs of the minimum is 0), modulo the partitions.

/** Java's `String.hashCode`. */
export function javaHash(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index++) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  }
  return hash
}

export function partitionForId(id: string, partitionCount: number): number {
  const hash = javaHash(id)
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitionCount
}
