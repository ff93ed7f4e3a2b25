// Listeners, connections and the memory that requests may take.
import { INT_MAX, int, long, string } from '../setting.ts'

export const networkSettings = {
  listeners: string({
    default: 'PLAINTEXT://:9092',
    importance: 'high',
    update: 'per-broker',
    doc: 'Where the broker listens: name://host:port, separated by commas. An empty host is all interfaces.',
  }),
  'advertised.listeners': string({
    default: null,
    importance: 'high',
    update: 'per-broker',
    doc: 'Addresses that clients and brokers are told to connect to; those of listeners when not set.',
  }),
  'listener.security.protocol.map': string({
    default: 'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    importance: 'low',
    update: 'per-broker',
    doc: 'Which security protocol each listener name stands for.',
  }),
  'inter.broker.listener.name': string({
    default: null,
    doc: 'Listener for requests between brokers; not together with security.inter.broker.protocol.',
  }),
  'security.inter.broker.protocol': string({
    default: 'PLAINTEXT',
    oneOf: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
    doc: 'Security protocol between brokers when inter.broker.listener.name is not set.',
  }),
  'control.plane.listener.name': string({
    default: null,
    importance: 'high',
    doc: 'Listener for requests of the controller alone.',
  }),
  'early.start.listeners': string({
    default: null,
    importance: 'high',
    doc: 'Listeners that open before the broker has loaded its metadata.',
  }),
  'socket.listen.backlog.size': int({
    default: 50,
    min: 1,
    doc: 'Connections that the system holds until they are accepted.',
  }),
  'socket.receive.buffer.bytes': int({
    default: 102_400,
    importance: 'high',
    doc: 'Receive buffer of a socket; -1 leaves it to the system.',
  }),
  'socket.send.buffer.bytes': int({
    default: 102_400,
    importance: 'high',
    doc: 'Send buffer of a socket; -1 leaves it to the system.',
  }),
  'socket.request.max.bytes': int({
    default: 104_857_600,
    min: 1,
    importance: 'high',
    doc: 'Largest request; a connection that announces a larger one is closed.',
  }),
  'socket.connection.setup.timeout.ms': long({
    default: 10_000,
    doc: 'How long setting up a connection to another broker may take at first.',
  }),
  'socket.connection.setup.timeout.max.ms': long({
    default: 30_000,
    doc: 'How long it may take after repeated failures.',
  }),
  'connections.max.idle.ms': long({
    default: 600_000,
    doc: 'A connection without a request for this long is closed; negative never.',
  }),
  'connections.max.reauth.ms': long({
    default: 0,
    doc: 'A SASL connection must authenticate again within this; 0 never.',
  }),
  'connection.failed.authentication.delay.ms': int({
    default: 100,
    min: 0,
    importance: 'low',
    doc: 'Pause before a connection that failed to authenticate is closed.',
  }),
  'max.connections': int({
    default: INT_MAX,
    min: 0,
    update: 'cluster-wide',
    doc: 'Connections that the broker accepts at a time.',
  }),
  'max.connections.per.ip': int({
    default: INT_MAX,
    min: 0,
    update: 'cluster-wide',
    doc: 'Connections that one address may have at a time.',
  }),
  'max.connections.per.ip.overrides': string({
    default: '',
    update: 'cluster-wide',
    doc: 'Other limits for some addresses or hosts: host:limit, separated by commas.',
  }),
  'max.connection.creation.rate': int({
    default: INT_MAX,
    min: 0,
    update: 'cluster-wide',
    doc: 'New connections that are accepted in a second.',
  }),
  'queued.max.requests': int({
    default: 500,
    min: 1,
    importance: 'high',
    doc: 'Requests that may wait before sockets are no longer read.',
  }),
  'queued.max.request.bytes': long({
    default: -1,
    doc: 'Bytes of requests that may wait before sockets are no longer read; -1 without limit.',
  }),
}
