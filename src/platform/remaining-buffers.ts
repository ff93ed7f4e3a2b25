// The one place that knows what is left to write after a system call took only a part.

/**
 * The buffers that are left when the first `written` bytes of `buffers` have been taken; the first
 * one is a view when it was taken in part. Empty when all are gone.
 */
export function remainingBuffers(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  let index = 0
  let left = written
  for (let buffer = buffers[index]; buffer !== undefined; buffer = buffers[++index]) {
    if (left < buffer.byteLength) break
    left -= buffer.byteLength
  }
  const rest = buffers.slice(index)
  const first = rest[0]
  if (first !== undefined && left > 0) rest[0] = first.subarray(left)
  return rest
}

export function totalBytes(buffers: readonly Uint8Array[]): number {
  let total = 0
  for (const buffer of buffers) total += buffer.byteLength
  return total
}
