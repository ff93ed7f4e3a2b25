// DER, as far as key stores need it: a value is a tag, a definite length and its content.

export interface DerValue {
  readonly tag: number
  readonly content: Buffer
  /** Tag, length and content. */
  readonly whole: Buffer
}

/** Not what it should be: the file is damaged, of another kind, or its password is wrong. */
export class KeyStoreError extends Error {
  override readonly name = 'KeyStoreError'
}

/** The values that the bytes consist of. */
export function readValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = []
  for (let position = 0; position < bytes.length;) {
    const value = readValue(bytes, position)
    values.push(value)
    position += value.whole.length
  }
  return values
}

/** The values inside the value. */
export function inside(value: DerValue | undefined): DerValue[] {
  if (value === undefined) throw new KeyStoreError('a value is missing')
  return readValues(value.content)
}

/** The text of an object identifier. */
export function objectId(value: DerValue | undefined): string {
  if (value?.tag !== 0x06) throw new KeyStoreError('an object identifier is missing')
  const arcs: number[] = []
  let arc = 0
  for (const byte of value.content) {
    arc = arc * 128 + (byte & 0x7f)
    if ((byte & 0x80) !== 0) continue
    arcs.push(arc)
    arc = 0
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}

function readValue(bytes: Buffer, start: number): DerValue {
  const tag = bytes[start]
  const first = bytes[start + 1]
  if (tag === undefined || first === undefined) throw new KeyStoreError('it ends too early')
  let length = first
  let position = start + 2
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 4 || position + count > bytes.length) {
      throw new KeyStoreError('a length cannot be read')
    }
    length = bytes.readUIntBE(position, count)
    position += count
  }
  const end = position + length
  if (end > bytes.length) throw new KeyStoreError('it ends too early')
  return { tag, content: bytes.subarray(position, end), whole: bytes.subarray(start, end) }
}
