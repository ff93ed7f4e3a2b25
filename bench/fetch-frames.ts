// Fetches of one partition without a session, and what comes back.
import { Fetch } from '../src/wire/messages/01-fetch.ts'
import { decodeResponseHeader, encodeRequest } from '../src/wire/messages/headers.ts'
import { CLIENT_ID, framed } from './frames.ts'

const FETCH_VERSION = 12
const FETCH_BYTES = 1024 * 1024

export function fetchFrame(
  topic: string,
  partition: number,
  offset: number,
  waitMs: number,
): Buffer[] {
  return framed(
    encodeRequest(Fetch, FETCH_VERSION, 0, CLIENT_ID, {
      maxWaitMs: waitMs,
      minBytes: 1,
      maxBytes: 50 * FETCH_BYTES,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [
        { topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: FETCH_BYTES }] },
      ],
      forgottenTopicsData: [],
    }),
  )
}

interface Fetched {
  readonly bytes: number
  readonly nextOffset: number
  readonly records: Buffer
}

const LAST_OFFSET_DELTA = 23

export function readFetched(answer: Buffer, from: number): Fetched {
  const { bodyPosition } = decodeResponseHeader(Fetch, FETCH_VERSION, answer)
  const { responses } = Fetch.response.decode(FETCH_VERSION, answer, bodyPosition)
  const partition = responses[0]?.partitions[0]
  if (partition === undefined || partition.errorCode !== 0) {
    throw new Error(`Fetch was answered with error ${partition?.errorCode}`)
  }
  const records = partition.records ?? Buffer.alloc(0)
  let nextOffset = from
  for (let at = 0; at + 61 <= records.length;) {
    const size = 12 + records.readInt32BE(at + 8)
    if (at + size > records.length) break
    nextOffset =
      Number(records.readBigInt64BE(at)) + records.readInt32BE(at + LAST_OFFSET_DELTA) + 1
    at += size
  }
  return { bytes: records.length, nextOffset, records }
}
