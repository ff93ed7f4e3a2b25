// TLS of listeners. Each may be set for one listener: listener.name.<name>.<setting>.
import { boolean, classOf, list, password, string } from '../setting.ts'

export const sslSettings = {
  'ssl.client.auth': string({
    default: 'none',
    oneOf: ['required', 'requested', 'none'],
    update: 'per-broker',
    doc: 'Whether clients must show a certificate: required, requested or none.',
  }),
  'ssl.keystore.location': string({
    default: null,
    update: 'per-broker',
    doc: "File with the broker's key and certificate.",
  }),
  'ssl.keystore.password': password({
    default: null,
    update: 'per-broker',
    doc: 'Password of that file.',
  }),
  'ssl.keystore.type': string({
    default: 'JKS',
    update: 'per-broker',
    doc: 'Type of that file: JKS, PKCS12 or PEM.',
  }),
  'ssl.keystore.key': password({
    default: null,
    update: 'per-broker',
    doc: "The broker's private key itself, as PEM.",
  }),
  'ssl.keystore.certificate.chain': password({
    default: null,
    update: 'per-broker',
    doc: "The broker's certificates themselves, as PEM.",
  }),
  'ssl.key.password': password({
    default: null,
    update: 'per-broker',
    doc: 'Password of the private key.',
  }),
  'ssl.truststore.location': string({
    default: null,
    update: 'per-broker',
    doc: 'File with the certificates that are trusted.',
  }),
  'ssl.truststore.password': password({
    default: null,
    update: 'per-broker',
    doc: 'Password of that file.',
  }),
  'ssl.truststore.type': string({
    default: 'JKS',
    update: 'per-broker',
    doc: 'Type of that file: JKS, PKCS12 or PEM.',
  }),
  'ssl.truststore.certificates': password({
    default: null,
    update: 'per-broker',
    doc: 'The trusted certificates themselves, as PEM.',
  }),
  'ssl.protocol': string({
    default: 'TLSv1.3',
    update: 'per-broker',
    doc: 'TLS version to begin with.',
  }),
  'ssl.enabled.protocols': list({
    default: 'TLSv1.2,TLSv1.3',
    update: 'per-broker',
    doc: 'TLS versions that may be agreed on.',
  }),
  'ssl.cipher.suites': list({
    default: '',
    update: 'per-broker',
    doc: 'Ciphers that may be agreed on; empty for those of the system.',
  }),
  'ssl.endpoint.identification.algorithm': string({
    default: 'https',
    importance: 'low',
    update: 'per-broker',
    doc: "Whether a server's host name is checked: https, or empty for not.",
  }),
  'ssl.principal.mapping.rules': string({
    default: 'DEFAULT',
    importance: 'low',
    doc: 'Rules that turn the name in a certificate into that of a user.',
  }),
  'ssl.allow.dn.changes': boolean({
    default: false,
    importance: 'low',
    doc: 'Whether a new certificate may have another name than the one before.',
  }),
  'ssl.allow.san.changes': boolean({
    default: false,
    importance: 'low',
    doc: 'Whether a new certificate may have other alternative names than the one before.',
  }),
  'ssl.provider': string({
    default: null,
    update: 'per-broker',
    doc: 'Java provider of TLS; no effect here.',
  }),
  'ssl.engine.factory.class': classOf({
    default: null,
    importance: 'low',
    update: 'per-broker',
    doc: 'Java class that makes TLS engines; no effect here.',
  }),
  'ssl.keymanager.algorithm': string({
    default: 'SunX509',
    update: 'per-broker',
    doc: 'Java algorithm of the key manager; no effect here.',
  }),
  'ssl.trustmanager.algorithm': string({
    default: 'PKIX',
    update: 'per-broker',
    doc: 'Java algorithm of the trust manager; no effect here.',
  }),
  'ssl.secure.random.implementation': string({
    default: null,
    importance: 'low',
    update: 'per-broker',
    doc: 'Java source of randomness; no effect here.',
  }),
}
