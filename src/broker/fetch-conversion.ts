// Records for readers that are too old for what the log holds: message sets instead of batches up
// to version 3, and no zstd below version 10.
import type { LogConfig } from '../config/topic-config.ts'
import { failedFetch } from '../replication/fetch-types.ts'
import type { FetchResult } from '../replication/fetch-types.ts'
import { Errors } from '../wire/errors.ts'
import { downConvert, DownConversionError } from '../wire/records/down-convert.ts'

const ZSTD_READERS = 10
const BATCH_READERS = 4
const TIMESTAMP_READERS = 2

/** `result` as a reader of Fetch `version` can take it, or the error that it gets. */
export function forOldReader(result: FetchResult, version: number, config: LogConfig): FetchResult {
  if (version < ZSTD_READERS && config.compressionType === 'zstd') {
    return failedFetch(Errors.UNSUPPORTED_COMPRESSION_TYPE)
  }
  if (version >= BATCH_READERS || result.sizeBytes === 0) return result
  if (!config.messageDownconversionEnable) return failedFetch(Errors.UNSUPPORTED_VERSION)
  try {
    const converted = downConvert(
      Buffer.concat(result.segments),
      version < TIMESTAMP_READERS ? 0 : 1,
    )
    return { ...result, segments: [converted], sizeBytes: converted.length }
  } catch (error) {
    if (!(error instanceof DownConversionError)) throw error
    return failedFetch(Errors.UNSUPPORTED_COMPRESSION_TYPE)
  }
}
