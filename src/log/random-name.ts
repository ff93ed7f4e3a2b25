// Names that nobody else has.
import type { Random } from '../platform/random.ts'

const BYTES = 16

/** 32 hex digits, as in the name of a directory that is being deleted. */
export function randomName(random: Random): string {
  return random.bytes(BYTES).toString('hex')
}
