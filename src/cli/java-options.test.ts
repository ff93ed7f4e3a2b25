import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokerProperties, systemProperties } from './java-options.ts'

test('system properties among the options of a JVM', () => {
  const found = systemProperties(
    `-Xmx1G -Dplain=1 -Dflag -Djava.security.auth.login.config="/etc/my kafka/jaas.conf" '-Dq=a b' -Dplain=2`,
  )
  assert.deepEqual(Object.fromEntries(found), {
    plain: '2',
    flag: '',
    'java.security.auth.login.config': '/etc/my kafka/jaas.conf',
    q: 'a b',
  })
})

test('of these a broker takes its logins', () => {
  const of = (options: string) => Object.fromEntries(brokerProperties(systemProperties(options)))
  assert.deepEqual(of('-Xmx1G'), {})
  assert.deepEqual(of('-Djava.security.auth.login.config=/a -Dzookeeper.sasl.clientconfig=Zk'), {
    'ottla.jaas.file': '/a',
    'ottla.zookeeper.jaas.section': 'Zk',
  })
  assert.deepEqual(of('-Djava.security.auth.login.config=/a -Dzookeeper.sasl.client=false'), {
    'ottla.jaas.file': '/a',
    'ottla.zookeeper.jaas.section': '',
  })
})
