// PKCS #12 (RFC 7292), what keytool and openssl write: keys and certificates in bags, the bags in
// encrypted or plain contents. Of the encryptions, PBES2 is read (the default of both tools); the
// integrity code is not checked, for a wrong password already fails the decryption.
import { createDecipheriv, createPrivateKey, pbkdf2Sync } from 'node:crypto'
import { inside, KeyStoreError, objectId, readValues, type DerValue } from './der.ts'
import { pemOf, type KeyStore } from './pem.ts'

const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6'
const KEY_BAG = '1.2.840.113549.1.12.10.1.1'
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2'
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3'
const PBES2 = '1.2.840.113549.1.5.13'
const MAX_ITERATIONS = 10_000_000

const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
])

const CIPHERS: ReadonlyMap<string, { name: string; keyBytes: number }> = new Map([
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keyBytes: 16 }],
  ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', keyBytes: 24 }],
  ['2.16.840.1.101.3.4.1.42', { name: 'aes-256-cbc', keyBytes: 32 }],
])

/** Throws a KeyStoreError. */
export function readPkcs12(bytes: Buffer, password: string): KeyStore {
  const [, authenticated] = inside(readValues(bytes)[0])
  const [safe] = readValues(plainContent(authenticated))
  const certificates: string[] = []
  let privateKey: string | undefined
  for (const content of inside(safe)) {
    const [bags] = readValues(openContent(content, password))
    for (const bag of inside(bags)) {
      const [id, value] = inside(bag)
      const [held] = inside(value)
      const kind = objectId(id)
      if (kind === CERTIFICATE_BAG) certificates.push(certificateOf(held))
      else if (kind === KEY_BAG) privateKey ??= pemOf('PRIVATE KEY', whole(held))
      else if (kind === SHROUDED_KEY_BAG) privateKey ??= decryptKey(whole(held), password)
    }
  }
  return { privateKey, certificates }
}

function whole(value: DerValue | undefined): Buffer {
  if (value === undefined) throw new KeyStoreError('a value is missing')
  return value.whole
}

/** `ContentInfo { data }`: the bytes in the octet string. */
function plainContent(content: DerValue | undefined): Buffer {
  const [id, wrapped] = inside(content)
  if (objectId(id) !== DATA) throw new KeyStoreError('it is signed with a key, not a password')
  const [octets] = inside(wrapped)
  if (octets === undefined) throw new KeyStoreError('a content is missing')
  return octets.content
}

function openContent(content: DerValue, password: string): Buffer {
  const [id, wrapped] = inside(content)
  if (objectId(id) !== ENCRYPTED_DATA) return plainContent(content)
  const [data] = inside(wrapped)
  const [, encrypted] = inside(data)
  const [, algorithm, octets] = inside(encrypted)
  if (octets === undefined) throw new KeyStoreError('an encrypted content is missing')
  return decrypt(algorithm, octets.content, password)
}

function decrypt(algorithm: DerValue | undefined, encrypted: Buffer, password: string): Buffer {
  const [id, parameters] = inside(algorithm)
  if (objectId(id) !== PBES2) {
    throw new KeyStoreError(
      'its certificates are encrypted in an old way; write it anew with keytool -importkeystore',
    )
  }
  const [derivation, encryption] = inside(parameters)
  const [, derivationParameters] = inside(derivation)
  const [salt, iterations, ...rest] = inside(derivationParameters)
  const [cipherId, iv] = inside(encryption)
  const cipher = CIPHERS.get(objectId(cipherId))
  const prf = rest.find(({ tag }) => tag === 0x30)
  const hash = prf === undefined ? 'sha1' : HASHES.get(objectId(inside(prf)[0]))
  if (cipher === undefined || hash === undefined || salt === undefined || iv === undefined) {
    throw new KeyStoreError('its encryption is not known')
  }
  const count = Number(`0x${iterations?.content.toString('hex')}`)
  if (!(count > 0 && count <= MAX_ITERATIONS)) throw new KeyStoreError('its encryption is damaged')
  const key = pbkdf2Sync(password, salt.content, count, cipher.keyBytes, hash)
  try {
    const decipher = createDecipheriv(cipher.name, key, iv.content)
    return Buffer.concat([decipher.update(encrypted), decipher.final()])
  } catch (error) {
    throw new KeyStoreError('the password is wrong', { cause: error })
  }
}

function decryptKey(encrypted: Buffer, password: string): string {
  try {
    const key = createPrivateKey({
      key: encrypted,
      format: 'der',
      type: 'pkcs8',
      passphrase: password,
    })
    return key.export({ format: 'pem', type: 'pkcs8' }).toString()
  } catch (error) {
    throw new KeyStoreError('the password is wrong', { cause: error })
  }
}

function certificateOf(bag: DerValue | undefined): string {
  const [, wrapped] = inside(bag)
  const [octets] = inside(wrapped)
  if (octets === undefined) throw new KeyStoreError('a certificate is missing')
  return pemOf('CERTIFICATE', octets.content)
}
