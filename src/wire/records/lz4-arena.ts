// Memory that a small WebAssembly module decodes lz4 blocks in. Results are views of it, good until
// the next call; nothing is allocated per batch.
//
//   | input: one block | 8 | output | 8 |      the eights take what is read or written in excess
import { lz4Wasm } from './lz4-wasm.ts'

/** Larger results are decoded elsewhere, so that the memory stays small. */
export const MAX_ARENA_BYTES = 4 * 1024 * 1024
const EXCESS = 8
const PAGE_BYTES = 65_536

// Node has it, its type declarations do not.
declare global {
  namespace WebAssembly {
    class Memory {
      readonly buffer: ArrayBuffer
      grow(pages: number): number
    }
    class Module {
      constructor(bytes: Uint8Array)
    }
    class Instance {
      constructor(module: Module)
      readonly exports: Readonly<Record<string, unknown>>
    }
  }
}

type Decode = (p: number, end: number, at: number, limit: number, floor: number) => number

/** Decodes `source[start, end)` to `at` of the output; see `lz4DecodeBlock`. */
export type BlockDecoder = (
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
  limit: number,
  floor: number,
) => number

class Lz4Arena {
  readonly #memory: WebAssembly.Memory
  readonly #decode: Decode
  #bytes: Buffer
  #inputBytes = 0

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(lz4Wasm, 'base64'))
    const { memory, decode } = new WebAssembly.Instance(module).exports
    if (!(memory instanceof WebAssembly.Memory)) throw new Error('the module exports no memory')
    if (!isDecode(decode)) throw new Error('the module exports no decoder')
    this.#memory = memory
    this.#decode = decode
    this.#bytes = Buffer.from(memory.buffer)
  }

  /** Room for blocks of `inputBytes` and a result of `outputBytes`: the latter, as a view. */
  prepare(inputBytes: number, outputBytes: number): Buffer {
    this.#inputBytes = inputBytes
    const outputAt = inputBytes + EXCESS
    const missing = outputAt + outputBytes + EXCESS - this.#bytes.length
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / PAGE_BYTES))
      this.#bytes = Buffer.from(this.#memory.buffer)
    }
    return this.#bytes.subarray(outputAt, outputAt + outputBytes)
  }

  /** Of the last `prepare`; `target` is what it gave. */
  readonly decode: BlockDecoder = (source, start, end, _target, at, limit, floor) => {
    const length = end - start
    if (length > this.#inputBytes) return -1
    source.copy(this.#bytes, 0, start, end)
    const outputAt = this.#inputBytes + EXCESS
    const done = this.#decode(0, length, outputAt + at, outputAt + limit, outputAt + floor)
    return done < 0 ? done : done - outputAt
  }
}

function isDecode(candidate: unknown): candidate is Decode {
  return typeof candidate === 'function'
}

let shared: Lz4Arena | undefined

/** The one arena: decoding is synchronous, so it is never in use twice. */
export function lz4Arena(): Lz4Arena {
  return (shared ??= new Lz4Arena())
}
