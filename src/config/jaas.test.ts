import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from './config-error.ts'
import { parseJaas } from './jaas.ts'

test('sections, modules and options of a JAAS file', () => {
  const sections = parseJaas(
    `// for the broker
    Client {
      org.apache.zookeeper.server.auth.DigestLoginModule required
      username="kafka" /* its name */ password="pass;\\"word";
    };
    Server {
      org.apache.zookeeper.server.auth.DigestLoginModule REQUIRED user_super=admin user_kafka="x y";
    };
    KafkaServer { a.B required; c.D optional key=value; };`,
    'jaas.conf',
  )
  assert.deepEqual([...sections.keys()], ['Client', 'Server', 'KafkaServer'])
  const [client] = sections.get('Client') ?? []
  assert.equal(client?.module, 'org.apache.zookeeper.server.auth.DigestLoginModule')
  assert.deepEqual(Object.fromEntries(client.options), {
    username: 'kafka',
    password: 'pass;"word',
  })
  assert.equal(sections.get('Server')?.[0]?.options.get('user_kafka'), 'x y')
  assert.deepEqual(
    sections.get('KafkaServer')?.map(({ module }) => module),
    ['a.B', 'c.D'],
  )
})

test('what is no JAAS file is refused, and the refusal says where', () => {
  const refused: [string, RegExp][] = [
    ['Client', /jaas\.conf: after Client, \{ is expected/],
    ['Client { a.B required', /after required, an option or ; is expected/],
    ['Client { a.B maybe; };', /after maybe, required or another flag, not maybe/],
    ['Client { a.B required key; };', /after key, = is expected/],
    ['Client { a.B required key="x; };', /a quoted text does not end/],
    ['{ };', /after its beginning, the name of a section is expected/],
  ]
  for (const [text, message] of refused) {
    assert.throws(
      () => parseJaas(text, 'jaas.conf'),
      (error) => error instanceof ConfigError && message.test(error.message),
      text,
    )
  }
})
