// Lines that existing searches find.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineLogger, LogLevels } from './line-logger.ts'

function capture(format: 'line' | 'json', levels = new LogLevels()) {
  const lines: string[] = []
  const at = new Date(2026, 10, 22, 12, 0, 0, 123).getTime()
  const write = (line: string): number => lines.push(line)
  return { lines, levels, logger: lineLogger({ write, nowMs: () => at, format, levels }) }
}

test('a line has the pattern of log4j in Kafka', () => {
  const { lines, logger } = capture('line')
  logger.named('kafka.server.KafkaServer').info('started\nin a second')
  assert.deepEqual(lines, [
    '[2026-11-22 12:00:00,123] INFO started in a second (kafka.server.KafkaServer)',
  ])
})

test('an error follows with its stack and its causes', () => {
  const { lines, logger } = capture('line')
  logger.error('failed', new Error('outer', { cause: new Error('inner') }))
  assert.match(
    lines[0] ?? '',
    /ERROR failed \(ottla\)\nError: outer\n {4}at [^]*\nCaused by: Error: inner\n/,
  )
})

test('a level counts for a component or for all, from now on', () => {
  const { lines, levels, logger } = capture('line')
  const log = logger.named('log')
  log.debug('1')
  levels.set('log', 'DEBUG')
  log.debug('2')
  logger.debug('3')
  levels.root = 'OFF'
  logger.error('4')
  log.warn('5')
  levels.set('log', undefined)
  log.warn('6')
  assert.deepEqual(
    lines.map((line) => line.split(' ')[3]),
    ['2', '5'],
  )
})

test('JSON keeps the message as it is', () => {
  const { lines, logger } = capture('json')
  logger.named('a').warn('two\nlines')
  const { time, ...rest }: Record<string, unknown> = JSON.parse(lines[0] ?? '')
  assert.equal(typeof time, 'string')
  assert.deepEqual(rest, { level: 'WARN', component: 'a', message: 'two\nlines' })
})
