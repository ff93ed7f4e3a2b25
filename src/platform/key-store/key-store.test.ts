// The same key and certificate, as keytool (Java 17) and openssl 3 wrote them, come out the same.
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readKeyStore } from './key-store.ts'

const FIXTURES = join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'tls')
const PASSWORD = 'secret1'

function read(name: string, password = PASSWORD) {
  return readKeyStore(name, readFileSync(join(FIXTURES, name)), password)
}

for (const name of ['key-store.p12', 'key-store.jks', 'key-store.pem']) {
  test(`${name}: the key belongs to the certificate`, () => {
    const { privateKey, certificates } = read(name)
    const [first = ''] = certificates
    assert.equal(certificates.length, 1)
    const certificate = new X509Certificate(first)
    assert.equal(certificate.subject, 'CN=localhost')
    assert.ok(certificate.checkPrivateKey(createPrivateKey(privateKey ?? '')))
  })

  test(`${name}: a wrong password is told`, () => {
    assert.throws(() => read(name, 'wrong'), new RegExp(`${name} cannot be used: .*password`))
  })
}

for (const name of ['trust-store.p12', 'trust-store.jks']) {
  test(`${name}: the certificate, and no key`, () => {
    const { privateKey, certificates } = read(name)
    assert.equal(privateKey, undefined)
    assert.deepEqual(certificates, read('key-store.p12').certificates)
  })
}

test('every cut of a file, and what is no key store, is refused with its name', () => {
  for (const name of ['key-store.p12', 'key-store.jks']) {
    const whole = readFileSync(join(FIXTURES, name))
    for (let length = 0; length < whole.length; length += 97) {
      const cut = whole.subarray(0, length)
      assert.throws(() => readKeyStore('cut', cut, PASSWORD), /^KeyStoreError: cut cannot be used/)
    }
  }
  assert.throws(() => readKeyStore('text', Buffer.from('hello'), undefined), /neither PEM nor/)
})
