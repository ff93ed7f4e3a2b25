// Newest offset per key, in a bounded amount of memory: the heart of compaction. Keys are kept as
// 128-bit hashes with a seed of this run, so that nobody can make two of them collide on purpose.
// Open addressing, linear probing.

const SLOT_BYTES = 24
const MAX_LOAD = 0.9
const MIN_SLOTS = 1024

/** A map whose memory several threads can see, one after the other. */
export interface SharedOffsetMap {
  readonly seed: number
  readonly capacity: number
  readonly size: number
  readonly latestOffset: number
  readonly hashes: Uint32Array
  readonly places: Float64Array
}

export interface OffsetMapOptions {
  readonly wantedKeys: number
  readonly maxBytes: number
  readonly seed: number
  /** How much of the slots may be taken: `log.cleaner.io.buffer.load.factor`. */
  readonly load?: number | undefined
}

export class OffsetMap {
  readonly #seed: number
  readonly #slots: number
  readonly #capacity: number
  readonly #hashes: Uint32Array
  /** Offset plus one: memory comes as zeros. */
  readonly #places: Float64Array
  readonly #hash = new Uint32Array(4)
  #size: number
  /** Of the last record put in, or passed over. */
  latestOffset: number

  constructor(shared: SharedOffsetMap) {
    this.#seed = shared.seed
    this.#slots = shared.places.length
    this.#capacity = shared.capacity
    this.#hashes = shared.hashes
    this.#places = shared.places
    this.#size = shared.size
    this.latestOffset = shared.latestOffset
  }

  /** Room for `wantedKeys`, within `maxBytes`. */
  static empty({ wantedKeys, maxBytes, seed, load = MAX_LOAD }: OffsetMapOptions): OffsetMap {
    const limit = Math.max(MIN_SLOTS, Math.floor(maxBytes / SLOT_BYTES))
    const wanted = Math.ceil(wantedKeys / load) + 1
    const slots = Math.min(limit, Math.max(MIN_SLOTS, wanted))
    return new OffsetMap({
      seed,
      capacity: Math.max(1, Math.min(slots - 1, Math.floor(slots * load))),
      size: 0,
      latestOffset: -1,
      hashes: new Uint32Array(new SharedArrayBuffer(slots * 16)),
      places: new Float64Array(new SharedArrayBuffer(slots * 8)),
    })
  }

  get shared(): SharedOffsetMap {
    return {
      seed: this.#seed,
      capacity: this.#capacity,
      size: this.#size,
      latestOffset: this.latestOffset,
      hashes: this.#hashes,
      places: this.#places,
    }
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size >= this.#capacity
  }

  /** The key is `buffer[start, end)`. */
  put(buffer: Buffer, start: number, end: number, offset: number): void {
    const slot = this.#slotOf(buffer, start, end)
    if (this.#places[slot] === 0) {
      this.#size += 1
      this.#hashes.set(this.#hash, slot * 4)
    }
    this.#places[slot] = offset + 1
  }

  /** -1 for a key that was never put. */
  get(buffer: Buffer, start: number, end: number): number {
    return (this.#places[this.#slotOf(buffer, start, end)] ?? 0) - 1
  }

  /** The slot of the key, or the free one where it belongs; leaves the hash in `#hash`. */
  #slotOf(buffer: Buffer, start: number, end: number): number {
    const hash = this.#hash
    hash128(buffer, start, end, this.#seed, hash)
    const h0 = hash[0]!
    const slots = this.#slots
    let slot = Math.floor((h0 * slots) / 2 ** 32)
    for (;;) {
      if (this.#places[slot] === 0) return slot
      const at = slot * 4
      const isSame =
        this.#hashes[at] === h0 &&
        this.#hashes[at + 1] === hash[1] &&
        this.#hashes[at + 2] === hash[2] &&
        this.#hashes[at + 3] === hash[3]
      if (isSame) return slot
      slot = slot + 1 === slots ? 0 : slot + 1
    }
  }
}

/** Four lanes of multiply-rotate mixing, four bytes a step into all lanes. */
function hash128(
  buffer: Buffer,
  start: number,
  end: number,
  seed: number,
  target: Uint32Array,
): void {
  let a = seed | 0
  let b = (seed ^ 0x9e3779b9) | 0
  let c = (seed ^ 0x85ebca6b) | 0
  let d = (seed ^ 0xc2b2ae35) | 0
  for (let p = start; p < end; p += 4) {
    const word =
      p + 4 <= end
        ? buffer[p]! | (buffer[p + 1]! << 8) | (buffer[p + 2]! << 16) | (buffer[p + 3]! << 24)
        : tailWord(buffer, p, end)
    a = (Math.imul(rotate(a ^ Math.imul(word, 0xcc9e2d51), 15), 0x1b873593) + b) | 0
    b = (Math.imul(rotate(b ^ a, 13), 0xe6546b64) + c) | 0
    c = (Math.imul(rotate(c ^ b ^ word, 17), 0x85ebca6b) + d) | 0
    d = (Math.imul(rotate(d ^ c, 19), 0xc2b2ae35) + a) | 0
  }
  a = finish(a ^ (end - start) ^ d)
  b = finish(b ^ a)
  c = finish(c ^ b)
  d = finish(d ^ c)
  target[0] = a + d
  target[1] = b
  target[2] = c
  target[3] = d
}

function tailWord(buffer: Buffer, p: number, end: number): number {
  let word = 0
  for (let index = end - 1; index >= p; index -= 1) word = (word << 8) | buffer[index]!
  return word
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function finish(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
