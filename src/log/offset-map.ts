// Newest offset per key, in a bounded amount of memory: the heart of compaction. Keys are kept as
// 128-bit hashes with a seed of this run, so that nobody can make two of them collide on purpose.
// Open addressing, linear probing; an offset of -1 marks a free slot.

const SLOT_BYTES = 24
const MAX_LOAD = 0.9
const MIN_SLOTS = 1024

export class OffsetMap {
  readonly #slots: number
  readonly #capacity: number
  readonly #hashes: Uint32Array
  readonly #offsets: Float64Array
  readonly #seed: number
  readonly #hash = new Uint32Array(4)
  #size = 0
  /** Of the last record put in, or passed over. */
  latestOffset = -1

  /** Room for `wantedKeys`, within `maxBytes`. */
  constructor(wantedKeys: number, maxBytes: number, seed: number, load = MAX_LOAD) {
    const limit = Math.max(MIN_SLOTS, Math.floor(maxBytes / SLOT_BYTES))
    const wanted = Math.ceil(wantedKeys / load) + 1
    this.#slots = Math.min(limit, Math.max(MIN_SLOTS, wanted))
    this.#capacity = Math.floor(this.#slots * load)
    this.#hashes = new Uint32Array(this.#slots * 4)
    this.#offsets = new Float64Array(this.#slots).fill(-1)
    this.#seed = seed
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size >= this.#capacity
  }

  put(key: Buffer, offset: number): void {
    const slot = this.#slotOf(key)
    if (this.#offsets[slot] === -1) {
      this.#size += 1
      this.#hashes.set(this.#hash, slot * 4)
    }
    this.#offsets[slot] = offset
  }

  /** -1 for a key that was never put. */
  get(key: Buffer): number {
    return this.#offsets[this.#slotOf(key)] ?? -1
  }

  /** The slot of the key, or the free one where it belongs; leaves the hash in `#hash`. */
  #slotOf(key: Buffer): number {
    hash128(key, this.#seed, this.#hash)
    const [h0 = 0, h1 = 0, h2 = 0, h3 = 0] = this.#hash
    let slot = (h0 + h1 * 2 ** 20) % this.#slots
    for (;;) {
      if (this.#offsets[slot] === -1) return slot
      const at = slot * 4
      const isSame =
        this.#hashes[at] === h0 &&
        this.#hashes[at + 1] === h1 &&
        this.#hashes[at + 2] === h2 &&
        this.#hashes[at + 3] === h3
      if (isSame) return slot
      slot = slot + 1 === this.#slots ? 0 : slot + 1
    }
  }
}

/** Four lanes of multiply-rotate mixing over 16 bytes a step, each step into all lanes. */
function hash128(key: Buffer, seed: number, target: Uint32Array): void {
  let a = seed
  let b = seed ^ 0x9e3779b9
  let c = seed ^ 0x85ebca6b
  let d = seed ^ 0xc2b2ae35
  const { length } = key
  for (let p = 0; p < length; p += 4) {
    const word = p + 4 <= length ? key.readUInt32LE(p) : tailWord(key, p)
    a = Math.imul(rotate(a ^ Math.imul(word, 0xcc9e2d51), 15), 0x1b873593) + b
    b = Math.imul(rotate(b ^ a, 13), 0xe6546b64) + c
    c = Math.imul(rotate(c ^ b ^ word, 17), 0x85ebca6b) + d
    d = Math.imul(rotate(d ^ c, 19), 0xc2b2ae35) + a
  }
  a = finish(a ^ length ^ d)
  b = finish(b ^ a)
  c = finish(c ^ b)
  d = finish(d ^ c)
  target[0] = a + d
  target[1] = b
  target[2] = c
  target[3] = d
}

function tailWord(key: Buffer, p: number): number {
  let word = 0
  for (let index = key.length - 1; index >= p; index -= 1) word = (word << 8) | (key[index] ?? 0)
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
