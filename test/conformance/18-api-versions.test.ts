import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiVersions } from '../../src/wire/messages/18-api-versions.ts'
import { encodeRequest } from '../../src/wire/messages/headers.ts'
import { ask, assertHas, connectRaw, versionsOf } from './targets.ts'

const software = { clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }

test('every version lists the same APIs', async () => {
  const lists = []
  for (const version of versionsOf(ApiVersions)) {
    const { errorCode, apiKeys } = await ask(ApiVersions, version, software)
    assert.equal(errorCode, 0)
    lists.push(apiKeys.map((range) => [range.apiKey, range.minVersion, range.maxVersion]))
  }
  for (const list of lists) assert.deepEqual(list, lists[0])
})

/** Key and highest version of what clients need. */
const SERVED =
  '0:11 1:17 2:9 3:12 4:7 5:4 6:8 7:3 8:9 9:9 10:6 11:9 12:4 13:5 14:5 15:5 16:5 17:1 18:4 19:7 ' +
  '20:6 21:2 22:5 23:4 32:4 33:2 35:4 36:2 37:3 42:2 43:2 44:1 45:0 46:0 47:0 56:3 60:1 61:0 67:0'

test('what clients need is there, in the versions of 3.9', async () => {
  const { apiKeys } = await ask(ApiVersions, 4, software)
  const listed = new Map(apiKeys.map((range) => [range.apiKey, range]))
  for (const served of SERVED.split(' ')) {
    const [key, maxVersion] = served.split(':').map(Number)
    const range = listed.get(key ?? -1)
    assert.equal(`${key}:${range?.maxVersion}`, `${key}:${maxVersion}`)
    assert.equal(range?.minVersion, 0)
  }
})

test('a version above the newest is answered in version 0, with the range', async () => {
  using wire = await connectRaw()
  const frame = Buffer.concat(encodeRequest(ApiVersions, 4, 9, 'wire', software))
  frame.writeInt16BE(5, 2)
  wire.sendFrame(frame)
  const answer = await wire.frame(5_000)
  assert(answer !== undefined)
  assert.equal(answer.readInt32BE(0), 9)
  assertHas(ApiVersions.response.decode(0, answer, 4), {
    errorCode: 35,
    apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }],
  })
})

for (const name of ['bad name!', '']) {
  test(`the software name '${name}' is refused`, async () => {
    const request = { clientSoftwareName: name, clientSoftwareVersion: '1' }
    assertHas(await ask(ApiVersions, 3, request), { errorCode: 42, apiKeys: [] })
  })
}

test('it may be asked again on one connection', async () => {
  using wire = await connectRaw()
  assert.equal((await wire.ask(ApiVersions, 0, {})).errorCode, 0)
  assert.equal((await wire.ask(ApiVersions, 3, software)).errorCode, 0)
})
