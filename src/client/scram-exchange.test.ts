import assert from 'node:assert/strict'
import { test } from 'node:test'

import { KafkaError } from '../wire/errors.ts'
import { ScramExchange } from './scram-exchange.ts'

// The example of RFC 7677, section 3.
const options = {
  mechanism: 'SCRAM-SHA-256',
  username: 'user',
  password: 'pencil',
  nonce: 'rOprNGfwEbeRWgbNEkqO',
} as const
const serverFirst =
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
const serverFinal = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

test('the messages are those of the RFC', () => {
  const talk = new ScramExchange(options)
  assert.equal(talk.firstMessage(), 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
  assert.equal(
    talk.finalMessage(serverFirst),
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,' +
      'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  )
  talk.verify(serverFinal)
})

test('a server that does not know the password is found out', () => {
  for (const final of ['v=AAAA', 'e=invalid-proof', '', serverFinal.replace('6r', '7r')]) {
    const talk = new ScramExchange(options)
    talk.finalMessage(serverFirst)
    assert.throws(() => talk.verify(final), KafkaError)
  }
})

test('a first answer that is not its place is refused', () => {
  const wrong = [
    '',
    'r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    'r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096',
    'r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1',
    'r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999',
  ]
  for (const message of wrong) {
    assert.throws(() => new ScramExchange(options).finalMessage(message), KafkaError)
  }
})

test('signs that have a meaning in SCRAM are escaped in names', () => {
  const talk = new ScramExchange({ ...options, username: 'a=b,c' })
  assert.equal(talk.firstMessage(), 'n,,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO')
})
