// Checksums, varints and codecs against known values, against each other, and on random bytes.
import assert from 'node:assert/strict'
import test from 'node:test'
import zlib from 'node:zlib'
import fc from 'fast-check'
import { compress, Compression, decompress, DecompressionError } from './compression.ts'
import { crc32c, crc32cPortable } from './crc32c.ts'
import { readInt64, writeInt64 } from './int64.ts'
import { lz4Compress, lz4Decompress, lz4DecompressPortable } from './lz4-frame.ts'
import { RecordCursor } from './record-cursor.ts'
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts'
import { xxhash32 } from './xxhash32.ts'

const codecs = [Compression.gzip, Compression.snappy, Compression.lz4, Compression.zstd] as const
const MAX = 64 * 1024 * 1024

/** Bytes that compress, of any length. */
const compressible = fc
  .tuple(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }), fc.nat(200))
  .map(([parts, times]) => Buffer.concat(Array.from({ length: times }, () => Buffer.concat(parts))))

test('CRC-32C has the standard check value, with and without the addon', () => {
  const check = Buffer.from('123456789')
  assert.equal(crc32c(check), 0xe3069283)
  assert.equal(crc32cPortable(check, 0, 9, 0), 0xe3069283)
})

test('CRC-32C of parts, of slices and of both implementations agree', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(2000), (bytes, cut) => {
      const middle = Math.min(cut, bytes.length)
      const whole = crc32cPortable(bytes, 0, bytes.length, 0)
      assert.equal(crc32c(bytes), whole)
      assert.equal(crc32c(bytes, middle, bytes.length, crc32c(bytes, 0, middle)), whole)
    }),
  )
})

test('xxHash32 has its published values', () => {
  const hash = (text: string) => xxhash32(Buffer.from(text), 0, text.length)
  assert.equal(hash(''), 0x02cc5d05)
  assert.equal(hash('a'), 0x550d7456)
  assert.equal(hash('Nobody inspects the spammish repetition'), 0xe2293b2f)
})

test('int64 round trip', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const bytes = Buffer.alloc(8)
      writeInt64(bytes, 0, value)
      assert.equal(bytes.readBigInt64BE(0), BigInt(value))
      assert.equal(readInt64(bytes, 0), value)
    }),
  )
})

test('varint and varlong round trip in the size they announce', () => {
  const cursor = new RecordCursor()
  const bytes = Buffer.alloc(10)
  const half = 2 ** 51
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: -half, max: half }), (int, long) => {
      const end = writeVarint(bytes, 0, int)
      assert.equal(end, varintSize(int))
      cursor.open(bytes, 0, end)
      assert.equal(cursor.readVarint(), int)
      const longEnd = writeVarlong(bytes, 0, long)
      assert.equal(longEnd, varlongSize(long))
      cursor.open(bytes, 0, longEnd)
      assert.equal(cursor.readVarlong(), long)
    }),
  )
})

for (const codec of codecs) {
  test(`codec ${codec} round trip`, () => {
    fc.assert(
      fc.property(fc.oneof(compressible, fc.uint8Array({ maxLength: 3000 })), (input) => {
        const bytes = Buffer.from(input)
        assert.deepEqual(Buffer.from(decompress(codec, compress(codec, bytes), MAX)), bytes)
      }),
      { numRuns: 60 },
    )
  })

  test(`codec ${codec} round trip of several blocks`, () => {
    const words = Buffer.from('the quick brown fox jumps over the lazy dog ')
    const bytes = Buffer.alloc(300_000)
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = words[(at * at) % words.length]!
    assert.ok(decompress(codec, compress(codec, bytes), bytes.length).equals(bytes))
  })

  test(`codec ${codec} stops at the limit`, () => {
    const compressed = compress(codec, Buffer.alloc(1_000_000))
    assert.equal(decompress(codec, compressed, 1_000_000).length, 1_000_000)
    assert.throws(
      () => decompress(codec, compressed, 999_999),
      (error: unknown) => error instanceof DecompressionError && error.problem === 'too-large',
    )
  })

  test(`codec ${codec} refuses what is cut off`, () => {
    const compressed = compress(codec, Buffer.from('0123456789'.repeat(500)))
    for (let length = 0; length < compressed.length; length += 1) {
      // Xerial's header alone is a stream of no blocks.
      if (codec === Compression.snappy && length === 16) continue
      assert.throws(
        () => decompress(codec, compressed.subarray(0, length), MAX),
        DecompressionError,
      )
    }
  })
}

test('unknown codecs are refused', () => {
  for (const codec of [5, 6, 7]) {
    assert.throws(() => decompress(codec, Buffer.from('x'), MAX), DecompressionError)
  }
})

test('zstd: every frame of several is read, skippable ones are passed over', () => {
  const skippable = Buffer.from('502a4d18' + '03000000' + 'ffffff', 'hex')
  const frame = (text: string) => zlib.zstdCompressSync(Buffer.from(text))
  const bytes = Buffer.concat([frame('one '), skippable, frame('two '), frame('three')])
  assert.equal(decompress(Compression.zstd, bytes, 100).toString(), 'one two three')
})

test('snappy: raw blocks are read', () => {
  // Length 5, literal of 5 bytes.
  const raw = Buffer.concat([Buffer.from([5, 4 << 2]), Buffer.from('hello')])
  assert.equal(decompress(Compression.snappy, raw, 100).toString(), 'hello')
})

test('snappy: framing is byte for byte that of xerial', () => {
  const bytes = compress(Compression.snappy, Buffer.alloc(40_000))
  assert.equal(bytes.toString('hex', 0, 16), '82534e41505059000000000100000001')
  const first = bytes.readInt32BE(16)
  // 32 KiB, as the varint 80 80 02.
  assert.equal(bytes.toString('hex', 20, 23), '808002')
  assert.equal(bytes.readInt32BE(20 + first), bytes.length - first - 24)
})

test('lz4: written as Java does', () => {
  const bytes = lz4Compress(Buffer.alloc(70_000))
  assert.equal(bytes.toString('hex', 0, 7), '04224d18604082')
  assert.equal(bytes.readUInt32LE(bytes.length - 4), 0)
})

test('lz4: every frame of several is read, skippable ones are passed over', () => {
  const one = lz4Compress(Buffer.from('hello '.repeat(6)))
  const skippable = Buffer.from('5f2a4d18' + '02000000' + 'aaaa', 'hex')
  const two = Buffer.concat([one, skippable, lz4Compress(Buffer.from('bye'))])
  assert.equal(lz4Decompress(two, 100).toString(), `${'hello '.repeat(6)}bye`)
})

test('lz4: the wrong header checksum of old clients is accepted, others are not', () => {
  const old = lz4Compress(Buffer.from('payload'), { legacyChecksum: true })
  assert.notEqual(old[6], 0x82)
  assert.equal(lz4Decompress(old, 100).toString(), 'payload')
  old[6] = old[6]! ^ 1
  assert.throws(() => lz4Decompress(old, 100), DecompressionError)
})

test('lz4: linked blocks, checksums and sizes, as the lz4 tool writes them', () => {
  const text = 'abcabcabcabc hello hello hello hello hello hello'
  for (const frame of [
    'BCJNGHxAMAAAAAAAAADPFgAAADVhYmMDAG8gaGVsbG8GAAZQaGVsbG9j5lmZAAAAAPLvv88=',
    'BCJNGGBAghYAAAA1YWJjAwBvIGhlbGxvBgAGUGhlbGxvAAAAAA==',
  ]) {
    const bytes = Buffer.from(frame, 'base64')
    assert.equal(lz4Decompress(bytes, 100).toString(), text)
    for (let at = 0; at < bytes.length; at += 1) {
      const wrong = Buffer.from(bytes)
      wrong[at] = wrong[at]! ^ 0x40
      // Without checksums, a changed byte of content goes unnoticed; nothing else does.
      if (frame.startsWith('BCJNGHxA')) {
        assert.throws(() => lz4DecompressPortable(wrong, 1000), DecompressionError)
      }
    }
  }
})
