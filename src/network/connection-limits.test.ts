import assert from 'node:assert/strict'
import test from 'node:test'
import { ConnectionLimits, UNLIMITED } from './connection-limits.ts'

test('connections of one address are refused above its limit', () => {
  const limits = new ConnectionLimits({
    ...UNLIMITED,
    maxConnectionsPerIp: 2,
    perIpOverrides: new Map([['10.0.0.9', 1]]),
  })
  const admit = (address: string) => limits.admit('A', address, 0).kind
  assert.deepEqual([admit('10.0.0.1'), admit('10.0.0.1')], ['admit', 'admit'])
  assert.equal(admit('10.0.0.1'), 'refuse')
  assert.equal(admit('10.0.0.2'), 'admit')
  assert.deepEqual([admit('10.0.0.9'), admit('10.0.0.9')], ['admit', 'refuse'])
  limits.release('A', '10.0.0.1')
  assert.equal(admit('10.0.0.1'), 'admit')
})

test('above the total connections wait, except those of brokers', () => {
  const limits = new ConnectionLimits({
    ...UNLIMITED,
    maxConnections: 1,
    interBrokerListenerName: 'BROKERS',
  })
  assert.equal(limits.admit('A', 'x', 0).kind, 'admit')
  assert.equal(limits.admit('A', 'y', 0).kind, 'wait')
  assert.equal(limits.admit('BROKERS', 'z', 0).kind, 'admit')
  assert.equal(limits.excess, 1)
  limits.release('A', 'x')
  assert.equal(limits.excess, 0)
})

test('a listener has its own total', () => {
  const limits = new ConnectionLimits({
    ...UNLIMITED,
    maxConnectionsByListener: new Map([['A', 1]]),
  })
  assert.equal(limits.admit('A', 'x', 0).kind, 'admit')
  assert.equal(limits.admit('A', 'y', 0).kind, 'wait')
  assert.equal(limits.admit('B', 'y', 0).kind, 'admit')
})

test('connections that come too fast are delayed to the rate', () => {
  const limits = new ConnectionLimits({ ...UNLIMITED, maxCreationRate: 10 })
  let nowMs = 0
  let admitted = 0
  while (nowMs < 10_000) {
    const admission = limits.admit('A', 'x', nowMs)
    if (admission.kind === 'admit') admitted += 1
    else nowMs += admission.kind === 'delay' ? admission.delayMs : assert.fail(admission.kind)
  }
  // A burst of a second, then ten a second.
  assert.ok(admitted >= 105 && admitted <= 111, String(admitted))
})
