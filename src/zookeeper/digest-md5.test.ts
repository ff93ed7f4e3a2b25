// DIGEST-MD5 between our two ends; test/interop compares each with Java's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DigestClient, DigestServer, SaslError } from './digest-md5.ts'

const PASSWORDS = new Map([
  ['kafka', 'secret'],
  ['jürgen', 'pässword"\\'],
  ['日本', 'パスワード'],
])

function exchange(username: string, password: string): DigestServer {
  const server = new DigestServer(PASSWORDS, 'server-nonce')
  const client = new DigestClient({ username, password }, 'client-nonce')
  const answer = client.next(server.next(Buffer.alloc(0))) ?? Buffer.alloc(0)
  assert.equal(client.next(server.next(answer)), undefined)
  assert.ok(client.isComplete)
  return server
}

test('who knows the password is known by name, and knows the server', () => {
  for (const [username, password] of PASSWORDS) {
    assert.equal(exchange(username, password).username, username)
  }
})

test('the answer is the one that RFC 2831 reckons', () => {
  const client = new DigestClient({ username: 'kafka', password: 'secret' }, 'c')
  const challenge = 'realm="zk-sasl-md5",nonce="n",charset=utf-8,algorithm=md5-sess'
  const answer = client.next(Buffer.from(challenge))?.toString() ?? ''
  assert.equal(
    answer,
    'charset=utf-8,username="kafka",realm="zk-sasl-md5",nonce="n",nc=00000001,cnonce="c",' +
      'digest-uri="zookeeper/zk-sasl-md5",maxbuf=65536,' +
      'response=9b51994d4bc53702a20b2cbfb820f2dc,qop=auth',
  )
})

test('a wrong password, an unknown name and another authorization are refused alike', () => {
  const wrong = /the name or the password is wrong/
  assert.throws(() => exchange('kafka', 'Secret'), wrong)
  assert.throws(() => exchange('nobody', 'secret'), wrong)
  const server = new DigestServer(PASSWORDS, 'n')
  const client = new DigestClient({ username: 'kafka', password: 'secret' }, 'c')
  const answer = client.next(server.next(Buffer.alloc(0)))?.toString() ?? ''
  assert.throws(() => server.next(Buffer.from(`${answer},authzid="super"`)), wrong)
})

test('an answer to another challenge is refused', () => {
  const client = new DigestClient({ username: 'kafka', password: 'secret' }, 'c')
  const answer = client.next(new DigestServer(PASSWORDS, 'first').next(Buffer.alloc(0)))
  const second = new DigestServer(PASSWORDS, 'second')
  second.next(Buffer.alloc(0))
  assert.throws(() => second.next(answer ?? Buffer.alloc(0)), /the name or the password is wrong/)
})

test('a server that does not know the password is not believed', () => {
  const client = new DigestClient({ username: 'kafka', password: 'secret' }, 'c')
  client.next(Buffer.from('nonce="n"'))
  assert.throws(() => client.next(Buffer.from(`rspauth=${'0'.repeat(32)}`)), SaslError)
  assert.ok(!client.isComplete)
})

test('messages that are none are refused', () => {
  for (const text of ['', 'nonce', 'nonce="x', 'realm="a"', 'nonce="a",qop="auth-conf"']) {
    const client = new DigestClient({ username: 'kafka', password: 'secret' }, 'c')
    assert.throws(() => client.next(Buffer.from(text)), SaslError, text)
  }
  const server = new DigestServer(PASSWORDS, 'n')
  assert.throws(() => server.next(Buffer.from('username="kafka"')), /the client speaks first/)
  server.next(Buffer.alloc(0))
  assert.throws(() => server.next(Buffer.alloc(5000, 'x')), /too long/)
})
