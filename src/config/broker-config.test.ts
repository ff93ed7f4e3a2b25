// Reading the settings of a broker, and what is said about those that cannot be.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { BrokerConfig } from './broker-config.ts'
import { brokerSettings } from './broker-settings.ts'
import { ConfigError } from './config-error.ts'
import { resolveProviders } from './config-providers.ts'
import { parseProperties } from './properties.ts'
import { validateTopicConfig } from './topic-config.ts'

const parse = (text: string): BrokerConfig => BrokerConfig.parse(parseProperties(text))

test('values have the type of their setting, exact where a number would not be', () => {
  const config = parse('num.partitions = 3 \nlog.flush.interval.messages=9223372036854775807')
  const partitions: number = config.get('num.partitions')
  const rack: string | null = config.get('broker.rack')
  assert.deepEqual([partitions, rack], [3, null])
  assert.equal(config.get('log.flush.interval.messages'), Number.MAX_SAFE_INTEGER)
  assert.equal(config.text('log.flush.interval.messages'), '9223372036854775807')
})

test('every default is one that the setting itself allows', () => {
  for (const [name, setting] of Object.entries(brokerSettings)) {
    if (setting.defaultText !== null) setting.parse(name, setting.defaultText)
    assert.match(setting.doc, /^[A-Z].{10,110}[.?]$/, name)
  }
})

/** Lines such as `num.partitions=0 => Invalid value …`; `T ` begins settings of a topic. */
function judgements(): { topic: boolean; settings: Map<string, string>; verdict: string }[] {
  const path = new URL('../../test/fixtures/config/judgements-3.9.txt', import.meta.url)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const [given = '', verdict = ''] = line.split(' => ')
    const topic = given.startsWith('T ')
    const pairs = (topic ? given.slice(2) : given).split(';;')
    const settings = pairs.map((pair): [string, string] => {
      const equals = pair.indexOf('=')
      return [pair.slice(0, equals), pair.slice(equals + 1)]
    })
    return { topic, settings: new Map(settings), verdict }
  })
}

function judge(topic: boolean, settings: Map<string, string>): string {
  if (topic) return validateTopicConfig(settings) ?? 'ok'
  try {
    BrokerConfig.parse(settings)
    return 'ok'
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
}

test('values are accepted and refused as Kafka 3.9 did, in its words', () => {
  const cases = judgements()
  assert.ok(cases.length > 150)
  const given = cases.map(({ settings, verdict }) => ({ settings, verdict }))
  const ours = cases.map(({ topic, settings }) => ({ settings, verdict: judge(topic, settings) }))
  assert.deepEqual(ours, given)
})

test('the error names the setting, for whoever knows the file', () => {
  const setting = (text: string) => {
    try {
      parse(text)
      return undefined
    } catch (error) {
      return error instanceof ConfigError ? error.setting : error
    }
  }
  assert.equal(setting('listeners=PLAINTEXT:9092'), 'listeners')
  assert.equal(setting('num.partitions=x'), 'num.partitions')
})

test('unknown names are told, prefixes that mean something are not', () => {
  const config = parse('foo.bar=1\nlistener.name.x.ssl.key.password=1\nottla.topic.name.fields.a=b')
  assert.deepEqual(config.unknown, ['foo.bar'])
  assert.deepEqual([...config.prefixed('ottla.topic.name.fields.')], [['a', 'b']])
})

test('names of objects are names like any other', () => {
  const config = BrokerConfig.parse(
    new Map([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]),
  )
  assert.deepEqual(config.unknown, ['__proto__', 'constructor'])
  assert.equal(config.text('toString'), null)
})

test('a listener may have settings of its own', () => {
  const config = parse('max.connections=10\nlistener.name.external.max.connections=3')
  assert.equal(config.get('max.connections'), 10)
  assert.equal(config.forListener('EXTERNAL').get('max.connections'), 3)
  assert.equal(config.forListener('OTHER').get('max.connections'), 10)
})

test('listeners, their addresses and the one between brokers', () => {
  const config = parse(
    [
      'listeners=CLIENTS://[::1]:9092,REPL://:9093',
      'advertised.listeners=CLIENTS://kafka.example:19092,REPL://10.0.0.1:9093',
      'listener.security.protocol.map=CLIENTS:SASL_SSL,REPL:PLAINTEXT',
      'inter.broker.listener.name=REPL',
    ].join('\n'),
  )
  assert.deepEqual(
    config.listeners.map(({ name, host, port }) => [name, host, port]),
    [
      ['CLIENTS', '::1', 9092],
      ['REPL', '', 9093],
    ],
  )
  assert.equal(config.advertisedListeners[0]?.host, 'kafka.example')
  assert.equal(config.listeners[0]?.securityProtocol, 'SASL_SSL')
  assert.equal(config.interBrokerSecurityProtocol, 'PLAINTEXT')
})

test('the broker before the cluster, the cluster before the file', () => {
  const config = parse('log.cleaner.threads=2\nnum.replica.fetchers=2')
  const changed = config.withDynamic(
    new Map([['log.cleaner.threads', '4']]),
    new Map([
      ['log.cleaner.threads', '3'],
      ['num.replica.fetchers', '3'],
    ]),
  )
  assert.equal(changed.get('log.cleaner.threads'), 4)
  assert.equal(changed.get('num.replica.fetchers'), 3)
  assert.equal(config.get('num.replica.fetchers'), 2)
  assert.equal(changed.withDynamic(new Map(), new Map()).get('log.cleaner.threads'), 2)
})

test('values may stand in files, directories and the environment', () => {
  const properties = parseProperties(
    [
      'config.providers=file,env,dir',
      'config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider',
      'config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider',
      'config.providers.dir.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider',
      'ssl.key.password=${file:/etc/secret:key}',
      'broker.rack=zone-${env:ZONE}',
      'password.encoder.secret=${dir:/run/secrets:encoder}',
    ].join('\n'),
  )
  const sources = {
    readFile: (path: string) => (path === '/etc/secret' ? 'key=k1' : `content of ${path}`),
    environment: (name: string) => (name === 'ZONE' ? 'a' : undefined),
  }
  const resolved = resolveProviders(properties, sources)
  assert.equal(resolved.get('ssl.key.password'), 'k1')
  assert.equal(resolved.get('broker.rack'), 'zone-a')
  assert.equal(resolved.get('password.encoder.secret'), 'content of /run/secrets/encoder')
  const missing = new Map([...properties, ['broker.rack', '${env:NOWHERE}']])
  assert.throws(() => resolveProviders(missing, sources), /Nothing is found at \$\{env:NOWHERE\}/)
})
