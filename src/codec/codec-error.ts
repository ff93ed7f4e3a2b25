// What a decoder throws for bytes that are not the message they claim to be, and an encoder for a
// value that its declaration does not allow. The connection that brought it is closed.

/** Malformed bytes, or a value that cannot be encoded. */
export class CodecError extends Error {
  override readonly name = 'CodecError'
}
