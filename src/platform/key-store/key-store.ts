// A file with a key and certificates, in one of the three forms that Kafka and ZooKeeper accept, as
// PEM. The form is told by the bytes: a setting that names another one does no harm.
import { createPrivateKey } from 'node:crypto'
import { KeyStoreError } from './der.ts'
import { JKS_MAGIC, readJks } from './jks.ts'
import type { KeyStore } from './pem.ts'
import { readPkcs12 } from './pkcs12.ts'

export type { KeyStore } from './pem.ts'

const DER_SEQUENCE = 0x30

/** Throws an Error that names the file and says what is wrong with it. */
export function readKeyStore(path: string, bytes: Buffer, password: string | undefined): KeyStore {
  try {
    return decode(bytes, password)
  } catch (error) {
    if (!(error instanceof KeyStoreError)) throw error
    throw new KeyStoreError(`${path} cannot be used: ${error.message}`, { cause: error })
  }
}

function decode(bytes: Buffer, password: string | undefined): KeyStore {
  if (bytes.length >= 4 && bytes.readUInt32BE() === JKS_MAGIC) return readJks(bytes, password ?? '')
  if (bytes[0] === DER_SEQUENCE) return readPkcs12(bytes, password ?? '')
  return readPem(bytes.toString('latin1'), password)
}

function readPem(text: string, password: string | undefined): KeyStore {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g)]
  const certificates = blocks
    .filter(([, label]) => label === 'CERTIFICATE')
    .map(([block]) => `${block}\n`)
  const key = blocks.find(([, label]) => label?.endsWith('PRIVATE KEY'))?.[0]
  if (key === undefined && certificates.length === 0) {
    throw new KeyStoreError('it holds neither PEM nor PKCS #12 nor JKS')
  }
  return { privateKey: key === undefined ? undefined : plainKey(key, password), certificates }
}

function plainKey(pem: string, password: string | undefined): string {
  try {
    const key = createPrivateKey({
      key: pem,
      ...(password === undefined ? {} : { passphrase: password }),
    })
    return key.export({ format: 'pem', type: 'pkcs8' }).toString()
  } catch (error) {
    throw new KeyStoreError('its key cannot be read, or the password is wrong', { cause: error })
  }
}
