// Uuids: 16 bytes, written as 22 characters of base64url without padding.
import { UUID_BYTES, ZERO_UUID, uuidText } from '../codec/uuid-text.ts'

export { ZERO_UUID }

/**
 * The uuid of log directories that are not known yet, and of the metadata topic: never a topic's.
 */
const ONE_UUID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** A random uuid (version 4), with the randomness passed in. Never zero, one or led by a dash. */
export function randomUuid(randomBytes: (count: number) => Buffer): string {
  for (;;) {
    const bytes = Buffer.from(randomBytes(UUID_BYTES))
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
    const text = uuidText(bytes, 0)
    // Command lines would take a leading dash for an option.
    if (text !== ZERO_UUID && text !== ONE_UUID && !text.startsWith('-')) return text
  }
}

/** The 16 bytes of a uuid's text; undefined when it is not one. */
export function uuidBytes(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]{22}$/.test(text)) return undefined
  return Buffer.from(text, 'base64url')
}

/** The text of the 16 bytes at `position`. */
export function uuidFromBytes(bytes: Buffer, position = 0): string {
  return uuidText(bytes, position)
}
