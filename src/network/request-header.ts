// The header of a request. Hot: fills one object, and gives the same string for a client id that
// does not change.
//
//   apiKey int16 | apiVersion int16 | correlationId int32            header version 0
//   | clientId nullable string, int16 length                         version 1
//   | tagged fields                                                  version 2

/**
 * Header version of an API at a version, or -1 when this broker does not serve it. ApiVersions of
 * an unknown, higher version has 2, for it is answered all the same.
 */
export type HeaderVersionOf = (apiKey: number, apiVersion: number) => number

export type HeaderProblem = 'truncated header' | 'unknown API or version' | 'malformed header'

const FIXED_BYTES = 8

export class RequestHeader {
  apiKey = 0
  apiVersion = 0
  correlationId = 0
  clientId: string | null = null
  bodyPosition = 0
  #clientIdBytes = Buffer.alloc(0)
  #clientIdText = ''

  /** Reads the header of `frame`, or says why it cannot. */
  read(frame: Buffer, headerVersionOf: HeaderVersionOf): HeaderProblem | undefined {
    if (frame.length < FIXED_BYTES) return 'truncated header'
    this.apiKey = frame.readInt16BE(0)
    this.apiVersion = frame.readInt16BE(2)
    this.correlationId = frame.readInt32BE(4)
    this.clientId = null
    this.bodyPosition = FIXED_BYTES
    const version = headerVersionOf(this.apiKey, this.apiVersion)
    if (version < 0) return 'unknown API or version'
    if (version === 0) return undefined
    const problem = this.#readClientId(frame)
    if (problem !== undefined || version === 1) return problem
    return this.#skipTaggedFields(frame)
  }

  #readClientId(frame: Buffer): HeaderProblem | undefined {
    if (frame.length < FIXED_BYTES + 2) return 'truncated header'
    const length = frame.readInt16BE(FIXED_BYTES)
    const start = FIXED_BYTES + 2
    this.bodyPosition = start
    if (length < 0) return length === -1 ? undefined : 'malformed header'
    const end = start + length
    if (end > frame.length) return 'truncated header'
    this.bodyPosition = end
    const known = this.#clientIdBytes
    if (length !== known.length || known.compare(frame, start, end) !== 0) {
      this.#clientIdBytes = Buffer.from(frame.subarray(start, end))
      this.#clientIdText = this.#clientIdBytes.toString('utf8')
    }
    this.clientId = this.#clientIdText
    return undefined
  }

  #skipTaggedFields(frame: Buffer): HeaderProblem | undefined {
    let position = this.bodyPosition
    if (frame[position] === 0) {
      this.bodyPosition = position + 1
      return undefined
    }
    const cursor = { position }
    const count = readUnsignedVarint(frame, cursor)
    let previous = -1
    for (let index = 0; index < count; index += 1) {
      const tag = readUnsignedVarint(frame, cursor)
      const size = readUnsignedVarint(frame, cursor)
      if (tag <= previous || size < 0) return 'malformed header'
      previous = tag
      position = cursor.position + size
      if (position > frame.length) return 'truncated header'
      cursor.position = position
    }
    if (count < 0) return 'malformed header'
    this.bodyPosition = cursor.position
    return undefined
  }
}

/** -1 when it is too long or not there. */
function readUnsignedVarint(frame: Buffer, cursor: { position: number }): number {
  let value = 0
  for (let shift = 0; shift < 32; shift += 7) {
    const byte = frame[cursor.position]
    if (byte === undefined) return -1
    cursor.position += 1
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  return -1
}
