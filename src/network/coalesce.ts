// Fewer, larger buffers for one write: a buffer costs the system call more than copying a few
// hundred bytes does.

/** Segments below this are copied together, those above are sent from where they are. */
const COPY_BELOW = 2048

/** The same bytes in fewer buffers. `segments` belongs to the caller and is not kept. */
export function coalesce(segments: readonly Uint8Array[]): Uint8Array[] {
  const result: Uint8Array[] = []
  for (let start = 0; start < segments.length;) {
    const first = segments[start]!
    if (first.length >= COPY_BELOW) {
      result.push(first)
      start += 1
      continue
    }
    let end = start
    let bytes = 0
    for (; end < segments.length && segments[end]!.length < COPY_BELOW; end += 1) {
      bytes += segments[end]!.length
    }
    result.push(end === start + 1 ? first : joined(segments, start, end, bytes))
    start = end
  }
  return result
}

function joined(segments: readonly Uint8Array[], start: number, end: number, bytes: number) {
  const copy = Buffer.allocUnsafe(bytes)
  let at = 0
  for (let index = start; index < end; index += 1) {
    copy.set(segments[index]!, at)
    at += segments[index]!.length
  }
  return copy
}
