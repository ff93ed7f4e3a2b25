// Requests as they were once sent to Apache Kafka 3.9, each API in each version, byte for byte.
// The cluster was another one, so what is compared is whether there is an answer, and that its
// bytes are those of the declared fields, no more and no fewer.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { AnyApi } from '../../src/codec/api.ts'
import { ApiVersions } from '../../src/wire/messages/18-api-versions.ts'
import { apis } from '../../src/wire/messages/all.ts'
import { decodeResponseHeader } from '../../src/wire/messages/headers.ts'
import { ask, connectRaw, createTopic } from './targets.ts'

interface Pair {
  readonly key: number
  readonly version: number
  readonly client: string
  readonly request: string
  readonly response: string | null
}

const FIXTURE = new URL('../fixtures/wire/pairs-3.9.jsonl', import.meta.url)
const CORRELATION_ID_AT = 4
/** What the controller tells a broker; it would believe this one. */
const CONTROLLER_ONLY = new Set([4, 5, 6, 7])

const swept: Pair[] = readFileSync(FIXTURE, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Pair)
  .filter(({ client, key }) => client === 'sweep' && !CONTROLLER_ONLY.has(key))

/** Throws when the frame is not just what the version declares. */
function readWhole(api: AnyApi, version: number, frame: Buffer): void {
  const { bodyPosition } = decodeResponseHeader(api, version, frame)
  const value = api.response.decode(version, frame, bodyPosition)
  const again = api.response.encode(version, value as never)
  assert.equal(again.toString('hex'), frame.subarray(bodyPosition).toString('hex'))
}

test('what Apache Kafka answered is answered, in the same form', async () => {
  await createTopic('swp', { partitions: 3 })
  const { apiKeys } = await ask(ApiVersions, 0, {})
  const listed = new Set(apiKeys.map(({ apiKey }) => apiKey))
  let answered = 0
  for (const { key, version, request, response } of swept) {
    const api = apis.get(key)
    if (api === undefined || !listed.has(key)) continue
    const what = `${api.name} v${version}`
    const frame = Buffer.from(request, 'base64')
    using wire = await connectRaw()
    wire.sendFrame(frame)
    if (response === null) {
      assert.notEqual(await wire.outcome(200), 'answered', what)
      continue
    }
    const answer = await wire.frame(20_000)
    assert(answer !== undefined, `${what} is not answered`)
    assert.equal(answer.readInt32BE(0), frame.readInt32BE(CORRELATION_ID_AT), what)
    readWhole(api, version, answer)
    answered++
  }
  assert(answered > 150, `${answered} were answered`)
})
