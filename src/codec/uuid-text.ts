// Uuids as Kafka writes them in text: 16 bytes in base64url without padding, 22 characters.

/** The uuid that means none. */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'
export const UUID_BYTES = 16

/** The text of the 16 bytes at `position`. */
export function uuidText(buffer: Buffer, position: number): string {
  return buffer.toString('base64url', position, position + UUID_BYTES)
}
