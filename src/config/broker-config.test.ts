// Reading the settings of a broker, and what is said about those that cannot be.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from './broker-config.ts'
import { brokerSettings } from './broker-settings.ts'
import { resolveProviders } from './config-providers.ts'
import { parseProperties } from './properties.ts'

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

const REFUSED: readonly (readonly [string, string])[] = [
  [
    'num.partitions=x',
    'Invalid value x for configuration num.partitions: Not a number of type INT',
  ],
  [
    'num.partitions=2147483648',
    'Invalid value 2147483648 for configuration num.partitions: Not a number of type INT',
  ],
  [
    'num.partitions=0',
    'Invalid value 0 for configuration num.partitions: Value must be at least 1',
  ],
  [
    'log.cleaner.min.cleanable.ratio=1.5',
    'Invalid value 1.5 for configuration log.cleaner.min.cleanable.ratio: Value must be no more than 1',
  ],
  [
    'auto.create.topics.enable=yes',
    'Invalid value yes for configuration auto.create.topics.enable: Expected value to be either true or false',
  ],
  [
    'compression.type=zip',
    'Invalid value zip for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer',
  ],
  [
    'listeners=PLAINTEXT:9092',
    'Invalid value PLAINTEXT:9092 for configuration listeners: Unable to parse PLAINTEXT:9092 to a broker endpoint',
  ],
  [
    'listeners=FOO://:9092',
    'Invalid value FOO://:9092 for configuration listeners: No security protocol defined for listener FOO',
  ],
  [
    'listeners=PLAINTEXT://:9092,SSL://:9092',
    'Invalid value PLAINTEXT://:9092,SSL://:9092 for configuration listeners: Each listener must have a different port, listeners: PLAINTEXT://:9092,SSL://:9092',
  ],
  [
    'broker.id=2000',
    'requirement failed: broker.id must be greater than or equal to -1 and not greater than reserved.broker.max.id',
  ],
  [
    'log.retention.ms=0',
    'requirement failed: log.retention.ms must be unlimited (-1) or, equal or greater than 1',
  ],
]

test('a value that cannot be is refused in the words of Kafka', () => {
  for (const [text, message] of REFUSED) {
    assert.throws(() => parse(text), { name: 'ConfigError', message })
  }
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
