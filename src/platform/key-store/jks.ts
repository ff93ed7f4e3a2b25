// Java's own key store format, before PKCS #12 became its default:
//   FEEDFEED version:int32 count:int32
//   { 1 alias created:int64 encrypted key, chain of certificates
//   | 2 alias created:int64 one certificate }*  and a hash that the password goes into
// A key is masked with a chain of SHA-1 hashes of the password, 20 bytes of salt before it and a
// hash of the plain key behind it.
import { createHash } from 'node:crypto'
import { inside, KeyStoreError, readValues } from './der.ts'
import { pemOf, type KeyStore } from './pem.ts'

export const JKS_MAGIC = 0xfeedfeed
const MAX_ENTRIES = 10_000
const HASH_BYTES = 20

/** Throws a KeyStoreError. */
export function readJks(bytes: Buffer, password: string): KeyStore {
  const reader = new JksReader(bytes)
  if (reader.int32() !== JKS_MAGIC) throw new KeyStoreError('it is no JKS file')
  const version = reader.int32()
  const count = reader.int32()
  if (count > MAX_ENTRIES) throw new KeyStoreError('it is damaged')
  const certificates: string[] = []
  let privateKey: string | undefined
  for (let index = 0; index < count; index++) {
    const isKey = reader.int32() === 1
    reader.text()
    reader.skip(8)
    if (isKey) privateKey ??= pemOf('PRIVATE KEY', unmask(reader.block(), password))
    const chain = isKey ? reader.int32() : 1
    for (let link = 0; link < chain; link++) {
      if (version > 1) reader.text()
      certificates.push(pemOf('CERTIFICATE', reader.block()))
    }
  }
  return { privateKey, certificates }
}

function unmask(encryptedKey: Buffer, password: string): Buffer {
  const [, octets] = inside(readValues(encryptedKey)[0])
  const masked = octets?.content ?? Buffer.alloc(0)
  if (masked.length < HASH_BYTES * 2) throw new KeyStoreError('a key is damaged')
  const secret = Buffer.from(password, 'utf16le').swap16()
  const plain = Buffer.from(masked.subarray(HASH_BYTES, -HASH_BYTES))
  let mask = masked.subarray(0, HASH_BYTES)
  for (let at = 0; at < plain.length; at++) {
    if (at % HASH_BYTES === 0) mask = sha1(secret, mask)
    plain[at] = (plain[at] ?? 0) ^ (mask[at % HASH_BYTES] ?? 0)
  }
  if (!sha1(secret, plain).equals(masked.subarray(-HASH_BYTES))) {
    throw new KeyStoreError('the password is wrong')
  }
  return plain
}

function sha1(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

class JksReader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int32(): number {
    return this.#take(4).readUInt32BE()
  }

  text(): string {
    return this.#take(this.#take(2).readUInt16BE()).toString()
  }

  block(): Buffer {
    return this.#take(this.int32())
  }

  skip(count: number): void {
    this.#take(count)
  }

  #take(count: number): Buffer {
    const end = this.#position + count
    if (end > this.#bytes.length) throw new KeyStoreError('it ends too early')
    const taken = this.#bytes.subarray(this.#position, end)
    this.#position = end
    return taken
  }
}
