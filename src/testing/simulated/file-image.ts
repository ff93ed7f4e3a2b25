// The content of one file: what a reader sees, and what a power failure would leave of it.

import type { Seeded } from './seeded.ts'

/** Bytes that grow; what lies between is zero. */
class Bytes {
  size = 0
  #store = Buffer.alloc(0)

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.size - position))
    target.set(this.#store.subarray(position, position + count), offset)
    return count
  }

  write(bytes: Uint8Array, position: number): void {
    this.resize(Math.max(this.size, position + bytes.byteLength))
    this.#store.set(bytes, position)
  }

  resize(size: number): void {
    if (size > this.#store.length) {
      const grown = Buffer.alloc(Math.max(size, this.#store.length * 2))
      this.#store.copy(grown, 0, 0, this.size)
      this.#store = grown
    } else if (size < this.size) {
      this.#store.fill(0, size, this.size)
    }
    this.size = size
  }

  copy(): Buffer {
    return Buffer.from(this.#store.subarray(0, this.size))
  }

  become(other: Bytes): void {
    this.#store = Buffer.from(other.#store)
    this.size = other.size
  }

  flip(position: number, mask: number): void {
    this.#store[position] = (this.#store[position] ?? 0) ^ mask
  }
}

type Change =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number }

/** What becomes of unsynced writes in a power failure. */
export type UnsyncedFate = 'random' | 'lost' | 'kept'

/** What happened to one write, for the trace. */
export type WriteOutcome = 'kept' | 'dropped' | 'torn' | 'zeroed'

export class FileImage {
  readonly kind = 'file'
  modifiedMs = 0
  readonly #seen = new Bytes()
  readonly #durable = new Bytes()
  #unsynced: Change[] = []

  get size(): number {
    return this.#seen.size
  }

  get unsyncedChanges(): number {
    return this.#unsynced.length
  }

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    return this.#seen.read(target, offset, length, position)
  }

  content(): Buffer {
    return this.#seen.copy()
  }

  write(bytes: Uint8Array, position: number): void {
    this.#seen.write(bytes, position)
    this.#unsynced.push({ kind: 'write', position, bytes: Buffer.from(bytes) })
  }

  truncate(size: number): void {
    this.#seen.resize(size)
    this.#unsynced.push({ kind: 'truncate', size })
  }

  sync(): void {
    for (const change of this.#unsynced) applyTo(this.#durable, change)
    this.#unsynced = []
  }

  /**
   * A sync that reported an error: the system has forgotten what was to be written, a later sync
   * that succeeds says nothing about it.
   */
  failSync(random: Seeded): void {
    this.#loseSome('random', random)
  }

  /** The power fails: what was synced remains, of the rest each write has its own fate. */
  crash(fate: UnsyncedFate, random: Seeded): WriteOutcome[] {
    const outcomes = this.#loseSome(fate, random)
    this.#seen.become(this.#durable)
    return outcomes
  }

  /** Damages the medium itself. */
  flipBits(position: number, mask: number): void {
    this.#seen.flip(position, mask)
    if (position < this.#durable.size) this.#durable.flip(position, mask)
  }

  #loseSome(fate: UnsyncedFate, random: Seeded): WriteOutcome[] {
    const outcomes: WriteOutcome[] = []
    for (const change of this.#unsynced) {
      const outcome = outcomeOf(change, fate, random)
      outcomes.push(outcome)
      if (outcome === 'kept') applyTo(this.#durable, change)
      if (change.kind !== 'write') continue
      const { position, bytes } = change
      if (outcome === 'torn') {
        const remaining = random.between(0, bytes.length - 1)
        this.#durable.write(bytes.subarray(0, remaining), position)
      } else if (outcome === 'zeroed') {
        // The longer size reached the disk, the content did not.
        this.#durable.resize(Math.max(this.#durable.size, position + bytes.length))
      }
    }
    this.#unsynced = []
    return outcomes
  }
}

function applyTo(bytes: Bytes, change: Change): void {
  if (change.kind === 'write') bytes.write(change.bytes, change.position)
  else bytes.resize(change.size)
}

function outcomeOf(change: Change, fate: UnsyncedFate, random: Seeded): WriteOutcome {
  if (fate === 'kept') return 'kept'
  if (fate === 'lost') return 'dropped'
  const draw = random.between(0, 7)
  if (draw < 3) return 'kept'
  if (draw < 5 || change.kind === 'truncate' || change.bytes.length === 0) return 'dropped'
  return draw < 7 ? 'torn' : 'zeroed'
}
