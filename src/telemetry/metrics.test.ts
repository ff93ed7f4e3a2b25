// The text that Prometheus scrapes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metrics } from './metrics.ts'

test('a counter is one series for each set of labels, found again by them', () => {
  const metrics = new Metrics()
  const name = 'kafka_server_brokertopicmetrics_messagesin_total'
  metrics.counter(name).add()
  metrics.counter(name, { topic: 'a "b"\\\n' }).add(3)
  metrics.counter(name, { topic: 'a "b"\\\n' }).add(4)
  assert.equal(
    metrics.render(),
    [
      `# HELP ${name} Records that producers have appended.`,
      `# TYPE ${name} counter`,
      `${name} 1`,
      `${name}{topic="a \\"b\\"\\\\\\n"} 7`,
      '',
    ].join('\n'),
  )
})

test('a gauge is read when asked, and gone when removed', () => {
  const metrics = new Metrics()
  let value = 1
  const gauge = metrics.gauge('g', { a: 1, 'b-c': 2 }, () => value)
  value = 2
  assert.match(metrics.render(), /^g\{a="1",b_c="2"\} 2$/m)
  gauge.remove()
  assert.equal(metrics.render(), '')
})

test('a collected family is read as a whole', () => {
  const metrics = new Metrics()
  const sizes = new Map([['t', 5]])
  const family = metrics.collect('kafka_log_log_size', 'gauge', (sample) => {
    for (const [topic, size] of sizes) sample({ topic, partition: 0 }, size)
  })
  sizes.set('u', Infinity)
  assert.match(metrics.render(), /topic="t",partition="0"\} 5\n.*topic="u",partition="0"\} \+Inf\n/)
  family.remove()
  assert.equal(metrics.render(), '')
})

test('quantiles are right within a sixteenth, over six orders of magnitude', () => {
  const metrics = new Metrics()
  const histogram = metrics.histogram('h', { request: 'Produce' })
  for (const scale of [0.01, 1, 10_000]) {
    const fresh = new Metrics().histogram('h')
    for (let value = 1; value <= 1000; value++) fresh.record(value * scale)
    const expected = [500, 750, 950, 980, 990, 999]
    fresh.quantiles(0).forEach((value, index) => {
      const wanted = (expected[index] ?? 0) * scale
      assert.ok(Math.abs(value - wanted) <= wanted / 16, `${value} for ${wanted}`)
    })
  }
  histogram.record(0)
  assert.match(metrics.render(), /^h_count\{request="Produce"\} 1$/m)
  assert.match(metrics.render(), /^h\{request="Produce",quantile="0\.999"\} 0$/m)
})

test('quantiles forget what is older than two minutes, the count does not', () => {
  let nowMs = 0
  const metrics = new Metrics(() => nowMs)
  const histogram = metrics.histogram('h')
  histogram.record(1000)
  for (nowMs = 60_000; nowMs <= 240_000; nowMs += 60_000) metrics.render()
  assert.match(metrics.render(), /^h_count 1$/m)
  assert.match(metrics.render(), /^h\{quantile="0\.99"\} 0$/m)
})
