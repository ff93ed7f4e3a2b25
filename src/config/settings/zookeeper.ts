// The ZooKeeper ensemble that holds the cluster's state.
import { boolean, int, list, password, string } from '../setting.ts'

export const zookeeperSettings = {
  'zookeeper.connect': string({
    default: null,
    importance: 'high',
    doc: 'Hosts of the ensemble, host:port separated by commas, then an optional chroot such as /kafka.',
  }),
  'zookeeper.connection.timeout.ms': int({
    default: null,
    importance: 'high',
    doc: 'How long connecting may take; zookeeper.session.timeout.ms when not set.',
  }),
  'zookeeper.session.timeout.ms': int({
    default: 18_000,
    importance: 'high',
    doc: 'ZooKeeper takes a broker for dead when it was silent for this long.',
  }),
  'zookeeper.max.in.flight.requests': int({
    default: 10,
    min: 1,
    importance: 'high',
    doc: 'Requests to ZooKeeper that may be unanswered at a time.',
  }),
  'zookeeper.set.acl': boolean({
    default: false,
    importance: 'high',
    doc: "Whether the nodes may be changed by this broker's user alone.",
  }),
  'zookeeper.clientCnxnSocket': string({
    default: null,
    doc: 'Java class of the connection; Netty is needed for TLS there, no effect here.',
  }),
  'zookeeper.ssl.client.enable': boolean({
    default: false,
    doc: 'Whether the connection uses TLS.',
  }),
  'zookeeper.ssl.protocol': string({
    default: 'TLSv1.2',
    importance: 'low',
    doc: 'TLS version of the connection.',
  }),
  'zookeeper.ssl.enabled.protocols': list({
    default: null,
    importance: 'low',
    doc: 'TLS versions that may be agreed on.',
  }),
  'zookeeper.ssl.cipher.suites': list({
    default: null,
    importance: 'low',
    doc: 'Ciphers that may be agreed on.',
  }),
  'zookeeper.ssl.endpoint.identification.algorithm': string({
    default: 'HTTPS',
    importance: 'low',
    doc: "Whether the server's host name is checked: HTTPS, or empty for not.",
  }),
  'zookeeper.ssl.keystore.location': string({
    default: null,
    doc: 'File with the key of this client.',
  }),
  'zookeeper.ssl.keystore.password': password({ default: null, doc: 'Password of that file.' }),
  'zookeeper.ssl.keystore.type': string({
    default: null,
    doc: 'Type of that file: JKS, PKCS12 or PEM; known by its ending when not set.',
  }),
  'zookeeper.ssl.truststore.location': string({
    default: null,
    doc: 'File with the certificates that are trusted.',
  }),
  'zookeeper.ssl.truststore.password': password({ default: null, doc: 'Password of that file.' }),
  'zookeeper.ssl.truststore.type': string({
    default: null,
    doc: 'Type of that file: JKS, PKCS12 or PEM; known by its ending when not set.',
  }),
  'zookeeper.ssl.crl.enable': boolean({
    default: false,
    importance: 'low',
    doc: 'Whether lists of revoked certificates are consulted.',
  }),
  'zookeeper.ssl.ocsp.enable': boolean({
    default: false,
    importance: 'low',
    doc: 'Whether revocation is asked for online.',
  }),
  'zookeeper.metadata.migration.enable': boolean({
    default: false,
    importance: 'high',
    doc: 'Whether the cluster is moving to KRaft; not supported here.',
  }),
  'zookeeper.metadata.migration.min.batch.size': int({
    default: 200,
    min: 1,
    internal: true,
    doc: 'Records in a batch of that migration; no effect here.',
  }),
}
