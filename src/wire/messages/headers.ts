// The headers in front of every request and response, and whole frames made of header and body. The
// size in front of a frame is the network's.
//
//   request   v0  key, version, correlation id      (ControlledShutdown 0 only)
//             v1  ... client id                      v2  ... tagged fields
//   response  v0  correlation id                     v1  ... tagged fields
import type { AnyApi, Api } from '../../codec/api.ts'
import { CodecError } from '../../codec/codec-error.ts'
import { cursor, readVarint, taggedEnd } from '../../codec/reader.ts'
import { apis } from './all.ts'

/** What a request says before its body. */
export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** Undefined when the key is not known: the body cannot be found then. */
  readonly api: AnyApi | undefined
  readonly bodyPosition: number
}

const FIXED_BYTES = 8

/**
 * Reads the header of a request frame. The version may be one that the API does not have: it then
 * is up to the caller what to answer. Throws CodecError.
 */
export function decodeRequestHeader(
  frame: Buffer,
  position = 0,
  end = frame.length,
): RequestHeader {
  if (end - position < FIXED_BYTES) throw new CodecError('request header: too few bytes')
  const apiKey = frame.readInt16BE(position)
  const apiVersion = frame.readInt16BE(position + 2)
  const correlationId = frame.readInt32BE(position + 4)
  const api = apis.get(apiKey)
  let bodyPosition = position + FIXED_BYTES
  let clientId: string | null = null
  const headerVersion = api?.requestHeaderVersion(apiVersion) ?? 1
  if (headerVersion >= 1) {
    // The client id keeps its two-byte length in flexible versions too.
    if (end - bodyPosition < 2) throw new CodecError('request header: client id: too few bytes')
    const length = frame.readInt16BE(bodyPosition)
    bodyPosition += 2
    if (length > end - bodyPosition) throw new CodecError('request header: client id: too long')
    if (length >= 0) {
      clientId = frame.toString('utf8', bodyPosition, bodyPosition + length)
      bodyPosition += length
    }
  }
  if (headerVersion === 2) bodyPosition = skipTaggedFields(frame, bodyPosition, end)
  return { apiKey, apiVersion, correlationId, clientId, api, bodyPosition }
}

/** Reads the header of the answer to a request of this API and version. Throws CodecError. */
export function decodeResponseHeader(
  api: Pick<AnyApi, 'responseHeaderVersion'>,
  version: number,
  frame: Buffer,
): { correlationId: number; bodyPosition: number } {
  if (frame.length < 4) throw new CodecError('response header: too few bytes')
  const correlationId = frame.readInt32BE(0)
  const tagged = api.responseHeaderVersion(version) === 1
  return { correlationId, bodyPosition: tagged ? skipTaggedFields(frame, 4, frame.length) : 4 }
}

function skipTaggedFields(frame: Buffer, from: number, end: number): number {
  const path = 'header tagged fields'
  const count = readVarint(frame, from, end, path)
  let position = cursor.position
  if (count * 2 > end - position) throw new CodecError(`${path}: more than there are bytes`)
  for (let index = 0; index < count; index++) {
    readVarint(frame, position, end, path)
    const size = readVarint(frame, cursor.position, end, path)
    position = taggedEnd(size, cursor.position, end, path)
  }
  return position
}

/** A whole request, header included, without the size in front. */
export function encodeRequest<Q, QI, S, SI>(
  api: Api<Q, QI, S, SI>,
  version: number,
  correlationId: number,
  clientId: string | null,
  value: QI,
): Buffer[] {
  const headerVersion = api.requestHeaderVersion(version)
  const idBytes = clientId === null ? 0 : Buffer.byteLength(clientId)
  const headroom =
    FIXED_BYTES + (headerVersion === 0 ? 0 : 2 + idBytes) + (headerVersion === 2 ? 1 : 0)
  const segments = api.request.encodeSegments(version, value, headroom)
  const first = segments[0]
  if (first === undefined) throw new CodecError('a request without bytes')
  first.writeInt16BE(api.key, 0)
  first.writeInt16BE(version, 2)
  first.writeInt32BE(correlationId, 4)
  if (headerVersion >= 1) {
    first.writeInt16BE(clientId === null ? -1 : idBytes, FIXED_BYTES)
    if (clientId !== null) first.write(clientId, FIXED_BYTES + 2, 'utf8')
  }
  return segments
}

/**
 * A whole response, header included; its size is missing, but `headroom` bytes are left in front for
 * whoever writes it.
 */
export function encodeResponse<Q, QI, S, SI>(
  api: Api<Q, QI, S, SI>,
  version: number,
  correlationId: number,
  value: SI,
  headroom = 0,
): Buffer[] {
  const headerBytes = api.responseHeaderVersion(version) === 1 ? 5 : 4
  const segments = api.response.encodeSegments(version, value, headroom + headerBytes)
  const [first] = segments
  if (first === undefined) throw new CodecError('a response without bytes')
  first.writeInt32BE(correlationId, headroom)
  if (headerBytes === 5) first[headroom + 4] = 0
  return segments
}
