import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ScriptedBroker } from '../../test/scripted/scripted-broker.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { Heartbeat } from '../wire/messages/12-heartbeat.ts'
import { SaslHandshake } from '../wire/messages/17-sasl-handshake.ts'
import { SaslAuthenticate } from '../wire/messages/36-sasl-authenticate.ts'
import { BrokerLink } from './broker-link.ts'
import { authenticateWith } from './sasl.ts'

async function world(password: string) {
  const platform = simulatedPlatform({ seed: 1 })
  const broker = new ScriptedBroker()
  broker.answer(SaslHandshake, ({ mechanism }) => ({
    errorCode: mechanism === 'PLAIN' ? Errors.NONE : Errors.UNSUPPORTED_SASL_MECHANISM,
    mechanisms: ['PLAIN'],
  }))
  broker.answer(SaslAuthenticate, ({ authBytes }) => {
    const isRight = authBytes.toString() === '\0ann\0secret'
    const errorCode = isRight ? Errors.NONE : Errors.SASL_AUTHENTICATION_FAILED
    return { errorCode, errorMessage: isRight ? null : 'who?', authBytes: Buffer.alloc(0) }
  })
  broker.answer(Heartbeat, () => ({ errorCode: 0 }))
  await broker.listen(platform, 9092)
  const ask = (mechanism: 'PLAIN' | 'SCRAM-SHA-256') => {
    const prepare = authenticateWith({ mechanism, username: 'ann', password }, platform.random)
    const where = { host: 'localhost', port: 9092, clientId: null, prepare }
    const link = new BrokerLink(where, platform)
    const question = { groupId: 'g', generationId: 1, memberId: 'm' }
    return platform.clock.resolve(link.request(Heartbeat, 4, question))
  }
  return { broker, ask }
}

function hasCode(code: number) {
  return (error: unknown): boolean => error instanceof KafkaError && error.code === code
}

test('a connection is authenticated before it is used', async () => {
  const { broker, ask } = await world('secret')
  await ask('PLAIN')
  assert.deepEqual(
    broker.received.map(({ name }) => name),
    ['SaslHandshake', 'SaslAuthenticate', 'Heartbeat'],
  )
})

test('a wrong password fails the request, with what the broker said', async () => {
  const { broker, ask } = await world('guess')
  await assert.rejects(ask('PLAIN'), /who\?/)
  assert.equal(broker.count('Heartbeat'), 0)
})

test('a mechanism that is not offered', async () => {
  const { ask } = await world('secret')
  await assert.rejects(ask('SCRAM-SHA-256'), hasCode(Errors.UNSUPPORTED_SASL_MECHANISM))
})
