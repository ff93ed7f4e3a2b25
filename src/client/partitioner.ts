// Which partition a record goes to: one with a key always to the same, as Kafka's own clients
// choose it; records without a key fill a batch for one partition, then go on to the next.

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/** MurmurHash2 of 32 bits, as an int32, with the seed that Kafka's clients use. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  const view = new DataView(bytes.buffer, bytes.byteOffset, length)
  let hash = SEED ^ length
  const whole = length - (length % 4)
  for (let position = 0; position < whole; position += 4) {
    let word = Math.imul(view.getInt32(position, true), MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  if (length > whole) {
    let rest = 0
    for (let position = length - 1; position >= whole; position--) {
      rest = (rest << 8) | view.getUint8(position)
    }
    hash = Math.imul(hash ^ rest, MULTIPLIER)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}

/** The partition of a key. */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitionCount
}
