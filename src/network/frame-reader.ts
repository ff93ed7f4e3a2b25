// Frames (int32 size, then so many bytes) from the chunks of a socket. Hot: a frame that lies in
// one chunk is a view of it; one that spans chunks gets a buffer of its own, into which the socket
// reads from then on. That buffer starts at no more than a megabyte and grows with what has really
// arrived, so that announcing bytes costs the broker nothing.

const SIZE_BYTES = 4
const FIRST_ALLOCATION = 1024 * 1024
const GROWTH = 4
/** Where a buffer is used again: smaller frames get one of their own. */
const REUSED_FROM = 64 * 1024
const REUSED_STEP = 1024 * 1024
/** What is kept through a time of small frames. */
const KEPT_WHEN_IDLE = 2 * 1024 * 1024

/** Told how many bytes the reader holds for a frame that is not complete; may refuse more. */
export interface FrameAllocator {
  /** False: there is no room, give up the connection. */
  grow(bytes: number): boolean
}

export type FrameProblem = 'malformed frame' | 'oversized frame' | 'no memory'

export class FrameReader {
  readonly #allocator: FrameAllocator
  /** Chunks that came while nothing was read from them; the first one is being read. */
  readonly #waiting: Buffer[] = []
  #chunk: Buffer | undefined
  #at = 0
  #assembly: Buffer | undefined
  #filled = 0
  #size = -1
  /** The size field itself when it spans chunks. */
  #sizeField = 0
  #sizeFieldBytes = 0
  #problem: FrameProblem | undefined
  /** Whether the last frame came out of a buffer of its own, whose bytes the allocator gave. */
  wasAssembled = false
  maxFrameBytes: number
  readonly #reuses: boolean
  #reused: Buffer | undefined

  /**
   * With `reuses`, large frames come in the same buffer one after the other: each is valid until the
   * next one begins to arrive, which its receiver must be able to tell.
   */
  constructor(maxFrameBytes: number, allocator: FrameAllocator, reuses = false) {
    this.maxFrameBytes = maxFrameBytes
    this.#allocator = allocator
    this.#reuses = reuses
  }

  /** What made `next` stop for good. */
  get problem(): FrameProblem | undefined {
    return this.#problem
  }

  /** Whether the beginning of a frame is there but not its end. */
  get isInsideFrame(): boolean {
    return this.#assembly !== undefined || this.#sizeFieldBytes > 0
  }

  /** Whether bytes have arrived that `next` has not looked at. */
  get hasUnread(): boolean {
    return this.#chunk !== undefined
  }

  /** Bytes of the incomplete frame that have arrived. */
  get filledBytes(): number {
    return this.#filled
  }

  /** Bytes that were asked of the allocator for the frame that is not complete. */
  get heldBytes(): number {
    return this.#assembly?.length ?? 0
  }

  /** Where the rest of the frame that has begun belongs; undefined between frames. */
  nextBuffer(): Buffer | undefined {
    if (this.#assembly === undefined || this.#chunk !== undefined) return undefined
    const end = Math.min(this.#size, this.#assembly.length)
    return end > this.#filled ? this.#assembly.subarray(this.#filled, end) : undefined
  }

  push(chunk: Buffer): void {
    if (this.#chunk === undefined) {
      this.#chunk = chunk
      this.#at = 0
    } else this.#waiting.push(chunk)
  }

  /** The next complete frame, without its size; undefined when more bytes are needed. */
  next(): Buffer | undefined {
    while (this.#chunk !== undefined && this.#problem === undefined) {
      const frame =
        this.#assembly === undefined ? this.#start(this.#chunk) : this.#fill(this.#chunk)
      if (frame !== undefined) return frame
    }
    return undefined
  }

  #start(chunk: Buffer): Buffer | undefined {
    const left = chunk.length - this.#at
    if (this.#sizeFieldBytes > 0 || left < SIZE_BYTES) {
      if (!this.#readSizeField(chunk)) return undefined
    } else {
      this.#size = chunk.readInt32BE(this.#at)
      this.#at += SIZE_BYTES
    }
    if (this.#size < 0) return this.#stop('malformed frame')
    if (this.#size > this.maxFrameBytes) return this.#stop('oversized frame')
    if (this.#size < REUSED_FROM) this.#shrinkReused()
    const end = this.#at + this.#size
    if (end <= chunk.length) {
      const frame = chunk.subarray(this.#at, end)
      this.wasAssembled = false
      this.#advance(chunk, end)
      return frame
    }
    const first = this.#isReusing ? this.#size : Math.min(this.#size, FIRST_ALLOCATION)
    if (!this.#allocate(first)) return undefined
    return this.#fill(chunk)
  }

  /** Byte by byte, as the field spans chunks; true when it is complete. */
  #readSizeField(chunk: Buffer): boolean {
    while (this.#at < chunk.length) {
      this.#sizeField = (this.#sizeField << 8) | chunk.readUInt8(this.#at)
      this.#at += 1
      this.#sizeFieldBytes += 1
      if (this.#sizeFieldBytes === SIZE_BYTES) {
        this.#size = this.#sizeField
        this.#sizeFieldBytes = 0
        this.#sizeField = 0
        return true
      }
    }
    this.#advance(chunk, chunk.length)
    return false
  }

  #fill(chunk: Buffer): Buffer | undefined {
    const wanted = Math.min(this.#size - this.#filled, chunk.length - this.#at)
    while (this.#filled + wanted > this.heldBytes) {
      if (!this.#allocate(Math.min(this.#size, this.heldBytes * GROWTH))) return undefined
    }
    const assembly = this.#assembly
    if (assembly === undefined) return undefined
    if (!liesAt(chunk, this.#at, assembly, this.#filled)) {
      chunk.copy(assembly, this.#filled, this.#at, this.#at + wanted)
    }
    this.#filled += wanted
    this.#advance(chunk, this.#at + wanted)
    if (this.#filled < this.#size) return undefined
    this.#assembly = undefined
    this.#filled = 0
    this.wasAssembled = true
    return assembly
  }

  #allocate(bytes: number): boolean {
    if (!this.#allocator.grow(bytes - this.heldBytes)) {
      this.#stop('no memory')
      return false
    }
    const larger = this.#isReusing ? this.#reusedFor(bytes) : Buffer.allocUnsafe(bytes)
    this.#assembly?.copy(larger, 0, 0, this.#filled)
    this.#assembly = larger
    return true
  }

  get #isReusing(): boolean {
    return this.#reuses && this.#size >= REUSED_FROM
  }

  #reusedFor(bytes: number): Buffer {
    if (this.#reused === undefined || this.#reused.length < bytes) {
      this.#reused = Buffer.allocUnsafeSlow(Math.ceil(bytes / REUSED_STEP) * REUSED_STEP)
    }
    return this.#reused.subarray(0, bytes)
  }

  #shrinkReused(): void {
    if (this.#reused !== undefined && this.#reused.length > KEPT_WHEN_IDLE) this.#reused = undefined
  }

  #advance(chunk: Buffer, at: number): void {
    if (at < chunk.length) {
      this.#at = at
      return
    }
    this.#chunk = this.#waiting.shift()
    this.#at = 0
  }

  #stop(problem: FrameProblem): undefined {
    this.#problem = problem
    this.#chunk = undefined
    this.#waiting.length = 0
  }
}

/** Whether the bytes of `chunk` at `at` are those of `buffer` at `position`, read into their place. */
function liesAt(chunk: Buffer, at: number, buffer: Buffer, position: number): boolean {
  return chunk.buffer === buffer.buffer && chunk.byteOffset + at === buffer.byteOffset + position
}
