// Authorization, delegation tokens and stored passwords.
import { classOf, int, long, password, string } from '../setting.ts'

export const securitySettings = {
  'authorizer.class.name': string({
    default: '',
    importance: 'low',
    doc: 'Class that decides who may do what; a broker with one set does not start, because ACLs are not enforced yet.',
  }),
  'principal.builder.class': classOf({
    default: 'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder',
    update: 'per-broker',
    doc: 'Class that names the user of a connection; the default one is known here.',
  }),
  'security.providers': string({
    default: null,
    importance: 'low',
    doc: 'Java classes of security algorithms; no effect here.',
  }),
  'delegation.token.secret.key': password({
    default: null,
    doc: 'Secret that signs delegation tokens; the same on every broker.',
  }),
  'delegation.token.master.key': password({
    default: null,
    doc: 'Old name of delegation.token.secret.key.',
  }),
  'delegation.token.max.lifetime.ms': long({
    default: 604_800_000,
    min: 1,
    doc: 'Age beyond which a delegation token cannot be renewed.',
  }),
  'delegation.token.expiry.time.ms': long({
    default: 86_400_000,
    min: 1,
    doc: 'Life of a delegation token until it is renewed.',
  }),
  'delegation.token.expiry.check.interval.ms': long({
    default: 3_600_000,
    min: 1,
    importance: 'low',
    doc: 'How often expired delegation tokens are looked for.',
  }),
  'password.encoder.secret': password({
    default: null,
    doc: 'Secret that encrypts passwords stored in ZooKeeper.',
  }),
  'password.encoder.old.secret': password({
    default: null,
    doc: 'The secret before it was changed, to read what it has encrypted.',
  }),
  'password.encoder.cipher.algorithm': string({
    default: 'AES/CBC/PKCS5Padding',
    importance: 'low',
    doc: 'Cipher of stored passwords.',
  }),
  'password.encoder.key.length': int({
    default: 128,
    min: 8,
    importance: 'low',
    doc: 'Key length of that cipher in bits.',
  }),
  'password.encoder.iterations': int({
    default: 4096,
    min: 1024,
    importance: 'low',
    doc: 'Iterations that derive the key.',
  }),
  'password.encoder.keyfactory.algorithm': string({
    default: null,
    importance: 'low',
    doc: 'How the key is derived; PBKDF2WithHmacSHA512 when not set.',
  }),
}
