import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionProblem, flag, integer, optionalText, readOptions, text, texts } from './options.ts'
import { usageOf } from './usage.ts'

const TABLE = {
  list: flag('List.'),
  topic: text('name', 'A topic.'),
  config: texts('name=value', 'A setting.'),
  partitions: integer('count', 'How many.'),
  state: optionalText('state', 'A state.'),
} as const

test('values follow their option, or an equals sign', () => {
  const options = readOptions(TABLE, ['--topic', 'a', '--config=x=1', '--config', 'y=2', '--list'])
  assert.equal(options.text('topic'), 'a')
  assert.deepEqual(options.texts('config'), ['x=1', 'y=2'])
  assert(options.has('list'))
  assert.deepEqual(options.given(['topic', 'partitions']), ['topic'])
})

test('a negative number is a value', () => {
  assert.equal(readOptions(TABLE, ['--partitions', '-1']).integer('partitions'), -1)
})

test('an optional value may be left out', () => {
  const without = readOptions(TABLE, ['--state', '--list'])
  assert.deepEqual([without.has('state'), without.text('state')], [true, undefined])
  assert(without.has('list'))
  assert.equal(readOptions(TABLE, ['--state', 'Empty']).text('state'), 'Empty')
})

const PROBLEMS: readonly [readonly string[], string][] = [
  [['--nope'], 'nope is not a recognized option'],
  [['--topic'], 'Option topic requires an argument'],
  [['--partitions', 'abc'], "Cannot parse argument 'abc' of option partitions"],
]

for (const [args, message] of PROBLEMS) {
  test(`${args.join(' ')}: ${message}`, () => {
    assert.throws(() => readOptions(TABLE, args), new OptionProblem(message))
  })
}

test('an option that may be given once is refused the second time', () => {
  const options = readOptions(TABLE, ['--topic', 'a', '--topic', 'b'])
  assert.throws(() => options.text('topic'), /Found multiple arguments for option topic/)
})

test('the usage names every option, no line wider than a terminal', () => {
  const lines = usageOf(TABLE).split('\n')
  for (const name of Object.keys(TABLE)) {
    assert(lines.some((line) => line.startsWith(`--${name}`)))
  }
  assert(lines.every((line) => line.length <= 80))
})
