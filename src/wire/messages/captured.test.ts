// Frames captured from a real 3.9 cluster decode, and encode to the same bytes.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { apis, zkBrokerKeys } from './all.ts'
import { ApiVersions } from './18-api-versions.ts'
import { decodeRequestHeader, decodeResponseHeader } from './headers.ts'

interface Pair {
  readonly api: string
  readonly key: number
  readonly version: number
  readonly note: string
  readonly request: string | null
  readonly response: string | null
}

const fixture = new URL('../../../test/fixtures/wire/pairs-3.9.jsonl', import.meta.url)
const pairs = readFileSync(fixture, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Pair)
// A broker answers a version it does not have in version 0 (KIP-511): not a pair of one version.
const known = pairs.filter((pair) => apis.get(pair.key)?.supports(pair.version) === true)

function apiOf(pair: Pair) {
  const api = apis.get(pair.key)
  assert.ok(api !== undefined)
  assert.equal(api.name, pair.api)
  return api
}

test('captured requests keep their bytes', () => {
  for (const pair of known) {
    if (pair.request === null) continue
    const frame = Buffer.from(pair.request, 'base64')
    const header = decodeRequestHeader(frame)
    assert.equal(header.apiKey, pair.key)
    assert.equal(header.apiVersion, pair.version)
    const codec = apiOf(pair).request
    const value = codec.decode(pair.version, frame, header.bodyPosition)
    const bytes = codec.encode(pair.version, value as never)
    assert.deepEqual(bytes, frame.subarray(header.bodyPosition), `${pair.api} ${pair.version}`)
  }
})

test('captured responses keep their bytes', () => {
  for (const pair of known) {
    if (pair.response === null) continue
    const frame = Buffer.from(pair.response, 'base64')
    const api = apiOf(pair)
    const { bodyPosition } = decodeResponseHeader(api, pair.version, frame)
    const value = api.response.decode(pair.version, frame, bodyPosition)
    const segments = api.response.encodeSegments(pair.version, value as never)
    const name = `${pair.api} ${pair.version}`
    assert.deepEqual(Buffer.concat(segments), frame.subarray(bodyPosition), name)
  }
})

test('every API and version was captured, but for Envelope', () => {
  const seen = new Set(known.map((pair) => `${pair.key} ${pair.version}`))
  for (const api of apis.values()) {
    if (api.name === 'Envelope') continue
    for (let version = api.minVersion; version <= api.maxVersion; version++) {
      assert.ok(seen.has(`${api.key} ${version}`), `${api.name} ${version}`)
    }
  }
})

test('the real broker lists the same APIs and versions', () => {
  const pair = known.find((one) => one.key === ApiVersions.key && one.version === 3)
  assert.ok(pair?.response)
  const answer = ApiVersions.response.decode(3, Buffer.from(pair.response, 'base64'), 4)
  const ours = zkBrokerKeys.map((apiKey) => {
    const api = apis.get(apiKey)
    return { apiKey, minVersion: api?.minVersion, maxVersion: api?.maxVersion }
  })
  assert.deepEqual(ours, answer.apiKeys)
})
