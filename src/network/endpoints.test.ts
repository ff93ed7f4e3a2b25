import assert from 'node:assert/strict'
import test from 'node:test'
import { advertisedAddress, EndpointError, parseEndpoints } from './endpoints.ts'

function refused(settings: Parameters<typeof parseEndpoints>[0], key: string, text: RegExp): void {
  assert.throws(
    () => parseEndpoints(settings),
    (error: unknown) =>
      error instanceof EndpointError && error.key === key && text.test(error.message),
  )
}

test('without settings: one plain listener on port 9092 of all interfaces', () => {
  const { all, interBroker, controlPlane } = parseEndpoints({})
  assert.equal(all.length, 1)
  assert.equal(all[0], interBroker)
  assert.deepEqual(
    [interBroker.listenerName, interBroker.securityProtocol, interBroker.host, interBroker.port],
    ['PLAINTEXT', 'PLAINTEXT', '', 9092],
  )
  assert.equal(controlPlane, undefined)
})

test('named listeners with a protocol map, brokers and the controller on their own', () => {
  const { all, interBroker, controlPlane } = parseEndpoints({
    listeners: 'client://:9092, Internal://10.0.0.1:9093,CTRL://[::1]:9094',
    advertisedListeners: 'CLIENT://broker.example.com:19092,INTERNAL://10.0.0.1:9093',
    securityProtocolMap: 'CLIENT:SASL_SSL,INTERNAL:PLAINTEXT,ctrl:ssl',
    interBrokerListenerName: 'internal',
    controlPlaneListenerName: 'CTRL',
  })
  assert.deepEqual(
    all.map((e) => [e.listenerName, e.securityProtocol, e.host, e.port, e.isAdvertised]),
    [
      ['CLIENT', 'SASL_SSL', '', 9092, true],
      ['INTERNAL', 'PLAINTEXT', '10.0.0.1', 9093, true],
      ['CTRL', 'SSL', '::1', 9094, false],
    ],
  )
  assert.deepEqual(interBroker.listenerName, 'INTERNAL')
  assert.deepEqual(controlPlane?.listenerName, 'CTRL')
  assert.deepEqual(advertisedAddress(all[0]!, 9092, '1.2.3.4'), {
    host: 'broker.example.com',
    port: 19092,
  })
})

test('without an advertised name, clients are told the address that they came by', () => {
  const [endpoint] = parseEndpoints({ listeners: 'PLAINTEXT://0.0.0.0:0' }).all
  assert.deepEqual(advertisedAddress(endpoint!, 4711, '::ffff:10.1.1.1'), {
    host: '10.1.1.1',
    port: 4711,
  })
})

test('a free port is advertised as the one that was bound', () => {
  const [endpoint] = parseEndpoints({ listeners: 'PLAINTEXT://localhost:0' }).all
  assert.deepEqual(advertisedAddress(endpoint!, 4711, '127.0.0.1'), {
    host: 'localhost',
    port: 4711,
  })
})

test('brokers may be named by security protocol', () => {
  const { interBroker } = parseEndpoints({
    listeners: 'PLAINTEXT://:1,SSL://:2',
    interBrokerSecurityProtocol: 'SSL',
  })
  assert.equal(interBroker.listenerName, 'SSL')
})

test('settings that cannot be followed name their key', () => {
  refused({ listeners: 'PLAINTEXT:/:9092' }, 'listeners', /Unable to parse PLAINTEXT/)
  refused({ listeners: 'PLAINTEXT://:70000' }, 'listeners', /Unable to parse/)
  refused({ listeners: 'PLAINTEXT://:1,plaintext://:2' }, 'listeners', /different name/)
  refused({ listeners: 'PLAINTEXT://:1,SSL://:1' }, 'listeners', /different port/)
  refused({ listeners: 'FOO://:1' }, 'listener.security.protocol.map', /listener FOO/)
  const protocolMap = 'FOO:TLS'
  refused({ securityProtocolMap: protocolMap }, 'listener.security.protocol.map', /FOO:TLS/)
  refused(
    { advertisedListeners: 'PLAINTEXT://0.0.0.0:9092' },
    'advertised.listeners',
    /nonroutable/,
  )
  refused({ advertisedListeners: 'SSL://a:9092' }, 'advertised.listeners', /subset/)
  refused(
    { interBrokerListenerName: 'PLAINTEXT', interBrokerSecurityProtocol: 'PLAINTEXT' },
    'inter.broker.listener.name',
    /Only one/,
  )
  refused({ interBrokerListenerName: 'X' }, 'inter.broker.listener.name', /PLAINTEXT/)
  refused({ controlPlaneListenerName: 'X' }, 'control.plane.listener.name', /listeners/)
  refused({ controlPlaneListenerName: 'PLAINTEXT' }, 'control.plane.listener.name', /different/)
})

test('one port may serve IPv4 and IPv6', () => {
  const { all } = parseEndpoints({
    listeners: 'PLAINTEXT://127.0.0.1:9092,SSL://[::1]:9092',
  })
  assert.equal(all.length, 2)
})
