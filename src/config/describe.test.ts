// DescribeConfigs, entry by entry and in order, against what a broker of Kafka 3.9 answered.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { BrokerConfig } from './broker-config.ts'
import {
  describeBrokerConfig,
  describeClusterConfig,
  describeTopicConfig,
  type DescribedConfig,
} from './describe.ts'

const SOURCES = [
  '',
  'topic',
  'dynamic broker',
  'dynamic default broker',
  'static broker',
  'default',
]
const TYPES = [
  'unknown',
  'boolean',
  'string',
  'int',
  'short',
  'long',
  'double',
  'list',
  'class',
  'password',
]

function fixture(name: string): string[] {
  const path = new URL(`../../test/fixtures/config/${name}.tsv`, import.meta.url)
  const [, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  // The directory was made anonymous when it was captured.
  return lines.map((line) => line.replaceAll('DIR/tmp', '/tmp/kafka-logs'))
}

function line(entry: DescribedConfig): string {
  const synonyms = entry.synonyms.map(
    ({ name, value, source }) => `${name}=${value ?? 'null'}@${SOURCES[source]}`,
  )
  return [
    entry.name,
    entry.value ?? 'null',
    TYPES[entry.configType],
    entry.readOnly,
    SOURCES[entry.configSource],
    entry.isSensitive,
    entry.documentation !== null,
    synonyms.join('; '),
  ].join('\t')
}

/** The settings that the captured broker had been given, read back from what it said. */
function capturedConfig(): BrokerConfig {
  const given = new Map<string, string>()
  for (const captured of fixture('broker-3.9')) {
    const name = captured.slice(0, captured.indexOf('\t'))
    const mark = `${name}=`
    for (const synonym of captured.slice(captured.lastIndexOf('\t') + 1).split('; ')) {
      if (!synonym.startsWith(mark) || !synonym.endsWith('@static broker')) continue
      given.set(name, synonym.slice(mark.length, -'@static broker'.length))
    }
  }
  // It was given one of the two names.
  given.delete('node.id')
  const config = BrokerConfig.parse(given)
  return config.withDynamic(new Map(), new Map([['message.max.bytes', '1048000']]))
}

test('a broker describes itself as Kafka does', () => {
  const entries = describeBrokerConfig(capturedConfig())
  const lines = entries.filter(({ name }) => !name.startsWith('ottla.')).map(line)
  assert.deepEqual(lines, fixture('broker-3.9'))
})

test('a topic is described as Kafka does it', () => {
  const lines = describeTopicConfig(capturedConfig(), new Map()).map(line)
  assert.deepEqual(lines, fixture('topic-3.9'))
})

test('the cluster has only its dynamic settings', () => {
  assert.deepEqual(
    describeClusterConfig(capturedConfig()).map(line),
    fixture('cluster-default-3.9'),
  )
})

test('chosen settings come in the order of a table of their own', () => {
  const keys = ['log.retention.ms', 'log.retention.hours', 'listeners', 'message.max.bytes', 'zzz']
  const names = describeBrokerConfig(capturedConfig(), new Set(keys)).map(({ name }) => name)
  const expected = ['log.retention.hours', 'log.retention.ms', 'message.max.bytes', 'listeners']
  assert.deepEqual(names, expected)
})

test('what a topic sets itself comes first, then what it would have without', () => {
  const config = BrokerConfig.parse(new Map([['log.retention.hours', '2']]))
  const describe = (overrides: Map<string, string>) =>
    describeTopicConfig(config, overrides, new Set(['retention.ms'])).map(line)
  const own = 'retention.ms\t5\tlong\tfalse\ttopic\tfalse\ttrue\tretention.ms=5@topic'
  assert.deepEqual(describe(new Map([['retention.ms', '5']])), [own])
  const inherited = 'retention.ms\t7200000\tlong\tfalse\tdefault\tfalse\ttrue\t'
  assert.deepEqual(describe(new Map()), [inherited])
})

test('unknown settings and passwords are never shown', () => {
  const config = BrokerConfig.parse(
    new Map([
      ['my.secret', 'x'],
      ['listener.name.external.ssl.keystore.password', 'y'],
    ]),
  )
  const shown = describeBrokerConfig(config).filter(({ isSensitive }) => isSensitive)
  assert.ok(shown.length > 5)
  for (const { name, value, synonyms } of shown) {
    assert.equal(value, null, name)
    assert.ok(synonyms.every((synonym) => synonym.value === null))
  }
  const names = shown.map(({ name }) => name)
  assert.ok(names.includes('my.secret'))
  assert.ok(names.includes('listener.name.external.ssl.keystore.password'))
})
