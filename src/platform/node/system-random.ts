// Randomness from the operating system, fetched a block at a time.
import { randomBytes, randomFillSync } from 'node:crypto'
import type { Random } from '../random.ts'

const block = new Uint32Array(64)
let nextIndex = block.length

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  uint32() {
    if (nextIndex === block.length) {
      randomFillSync(block)
      nextIndex = 0
    }
    return block[nextIndex++] ?? 0
  },
}
