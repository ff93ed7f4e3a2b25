// Blocks of lz4, made by a small WebAssembly module in memory of its own (lz4-encode.wat). As in
// Kafka the default level takes the fast way, which is not one of the levels' searches; those above
// 12 are as 12.
import { lz4EncodeWasm } from './lz4-encode-wasm.ts'

/** Kafka's compression.lz4.level when nothing is configured. */
export const DEFAULT_LZ4_LEVEL = 9
/** What fits into the module's memory. */
export const MAX_BLOCK_BYTES = 65_536
const OUTPUT = 0x103000

/**
 * By level: earlier places that are looked at for each byte, and which length of a match is enough.
 * As many as the event loop can bear.
 */
const SEARCHES = [
  [4, 16],
  [4, 16],
  [4, 16],
  [8, 16],
  [10, 16],
  [12, 16],
  [24, 32],
  [32, 32],
  [48, 32],
  [48, 32],
  [64, 32],
  [96, 32],
  [128, 32],
] as const

type Fast = (end: number) => number
type Search = (end: number, depth: number, enough: number) => number

class Lz4Encoder {
  readonly #bytes: Buffer
  readonly #fast: Fast
  readonly #search: Search

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(lz4EncodeWasm, 'base64'))
    const { memory, fast, search } = new WebAssembly.Instance(module).exports
    if (!(memory instanceof WebAssembly.Memory)) throw new Error('the module exports no memory')
    if (!isFast(fast) || !isSearch(search)) throw new Error('the module exports no encoder')
    this.#bytes = Buffer.from(memory.buffer)
    this.#fast = fast
    this.#search = search
  }

  encode(source: Buffer, start: number, end: number, level: number): Buffer {
    const length = end - start
    source.copy(this.#bytes, 0, start, end)
    const [depth = 1, enough = 0] = SEARCHES[Math.min(level, SEARCHES.length - 1)] ?? []
    const isFastest = level === DEFAULT_LZ4_LEVEL
    const made = isFastest ? this.#fast(length) : this.#search(length, depth, enough)
    return this.#bytes.subarray(OUTPUT, OUTPUT + made)
  }
}

function isFast(candidate: unknown): candidate is Fast {
  return typeof candidate === 'function'
}

function isSearch(candidate: unknown): candidate is Search {
  return typeof candidate === 'function'
}

let shared: Lz4Encoder | undefined

/**
 * `source[start, end)`, at most MAX_BLOCK_BYTES, as one block: a view that is good until the next
 * call. It may be longer than what it stands for.
 */
export function lz4EncodeBlock(source: Buffer, start: number, end: number, level: number): Buffer {
  shared ??= new Lz4Encoder()
  return shared.encode(source, start, end, level)
}
