// Lines of standard input as bytes, many at a time. A line ends with \n, \r\n or \r, as in Java.
import type { Readable } from 'node:stream'

const LF = 0x0a
const CR = 0x0d
/** A line beyond this is no line but a mistake. */
const MAX_LINE_BYTES = 256 * 1024 * 1024

/** Yields the lines of what has come in since the last time; the input waits meanwhile. */
export async function* inputLines(input: Readable): AsyncGenerator<Buffer[]> {
  const splitter = new LineSplitter()
  for await (const chunk of input) {
    const bytes: Buffer =
      typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(asBytes(chunk))
    const lines = splitter.push(bytes)
    if (lines.length > 0) yield lines
  }
  const last = splitter.end()
  if (last !== undefined) yield [last]
}

function asBytes(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk
  throw new TypeError('standard input must bring bytes')
}

/** Cuts bytes into lines; what follows the last end of line waits for more. */
export class LineSplitter {
  #rest: Buffer[] = []
  #restBytes = 0
  /** The last byte was \r: a \n that follows belongs to it. */
  #afterReturn = false

  push(chunk: Buffer): Buffer[] {
    if (chunk.length === 0) return []
    const lines: Buffer[] = []
    const hasReturns = chunk.includes(CR)
    let start = this.#afterReturn && chunk[0] === LF ? 1 : 0
    this.#afterReturn = false
    for (;;) {
      const end = hasReturns ? nextEnd(chunk, start) : chunk.indexOf(LF, start)
      if (end < 0) break
      lines.push(this.#complete(chunk.subarray(start, end)))
      start = end + 1
      if (chunk[end] !== CR) continue
      if (start === chunk.length) this.#afterReturn = true
      else if (chunk[start] === LF) start++
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    return lines
  }

  /** What is left when no more comes; undefined when the last line was ended. */
  end(): Buffer | undefined {
    return this.#restBytes === 0 ? undefined : this.#complete(Buffer.alloc(0))
  }

  #keep(part: Buffer): void {
    this.#rest.push(part)
    this.#restBytes += part.length
    if (this.#restBytes > MAX_LINE_BYTES) throw new Error('a line of the input is too long')
  }

  #complete(part: Buffer): Buffer {
    if (this.#restBytes === 0) return part
    const line = Buffer.concat([...this.#rest, part])
    this.#rest = []
    this.#restBytes = 0
    return line
  }
}

function nextEnd(chunk: Buffer, start: number): number {
  for (let index = start; index < chunk.length; index++) {
    if (chunk[index] === LF || chunk[index] === CR) return index
  }
  return -1
}
