// Ids of members: who they are to the operator, then a random UUID (version 4).
import type { Random } from '../../platform/random.ts'

/** `prefix` is the client id, or the instance id of a static member. */
export function newMemberId(prefix: string, random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  return `${prefix}-${parts.join('-')}-${hex.slice(20)}`
}
