// The codecs of record batches, each with a limit on what it may produce. gzip and zstd are
// Node's, snappy is a small wasm module in xerial's framing, lz4 is our own frame codec.
// Everything is synchronous: a thread pool hop costs more than an ordinary batch.
import { gzip, gunzip } from './gzip.ts'
import { lz4Compress, lz4Decompress, lz4DecompressBorrowed } from './lz4-frame.ts'
import { snappyCompress, snappyDecompress } from './snappy.ts'
import { zstdCompress, zstdDecompress } from './zstd.ts'
import { DecompressionError } from './decompression-error.ts'

/** The codec bits of batch attributes. */
export const Compression = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
export type CompressionName = keyof typeof Compression
export type Compression = (typeof Compression)[CompressionName]

export { DecompressionError } from './decompression-error.ts'

/** Levels that Kafka writes with when nothing is configured (compression.*.level). */
export const DEFAULT_GZIP_LEVEL = -1
export const DEFAULT_ZSTD_LEVEL = 3

/** The bytes in the given codec's framing; `none` gives them back as they are. */
export function compress(codec: Compression, bytes: Buffer, level?: number): Buffer {
  switch (codec) {
    case Compression.none:
      return bytes
    case Compression.gzip:
      return gzip(bytes, level ?? DEFAULT_GZIP_LEVEL)
    case Compression.snappy:
      return snappyCompress(bytes)
    case Compression.lz4:
      return lz4Compress(bytes, { level })
    case Compression.zstd:
      return zstdCompress(bytes, level ?? DEFAULT_ZSTD_LEVEL)
  }
}

/**
 * What was compressed, never more than `maxBytes` of it.
 * Throws DecompressionError for an unknown codec, malformed bytes, or too long a result.
 */
export function decompress(codec: number, bytes: Buffer, maxBytes: number): Buffer {
  switch (codec) {
    case Compression.none:
      if (bytes.length > maxBytes) throw new DecompressionError('too-large', 'none')
      return bytes
    case Compression.gzip:
      return gunzip(bytes, maxBytes)
    case Compression.snappy:
      return snappyDecompress(bytes, maxBytes)
    case Compression.lz4:
      return lz4Decompress(bytes, maxBytes)
    case Compression.zstd:
      return zstdDecompress(bytes, maxBytes)
    default:
      throw new DecompressionError('unknown-codec', String(codec))
  }
}

/** Like `decompress`, but the result is only good until the next call: for looking, not for keeping. */
export function decompressBorrowed(codec: number, bytes: Buffer, maxBytes: number): Buffer {
  if (codec === Compression.lz4) return lz4DecompressBorrowed(bytes, maxBytes)
  return decompress(codec, bytes, maxBytes)
}
