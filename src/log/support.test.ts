// What the tests of this folder share: settings, batches, logs on a simulated disk, golden files.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LogConfig } from '../config/topic-config.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import * as batch from '../wire/records/batch.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import type { BatchInput } from '../wire/records/build-batch.ts'
import { lastOffsetOf } from './tail-cache.ts'
import { readRecords } from '../wire/records/read-records.ts'
import { CleanControl } from './clean-control.ts'
import type { CleanLimits } from './clean-log.ts'
import { LogContext } from './log-context.ts'
import type { LogContextOptions } from './log-context.ts'
import type { AppendOptions, AppendResult, ReadOptions, ReadResult } from './log-types.ts'
import { Log } from './log.ts'

export const FIXTURES = join(import.meta.dirname, '../../test/fixtures/log')

const defaults = {
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: Number.MAX_SAFE_INTEGER,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  maxMessageBytes: 1_048_588,
  indexIntervalBytes: 4096,
  fileDeleteDelayMs: 60_000,
  deleteRetentionMs: 86_400_000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  minCleanableDirtyRatio: 0.5,
  cleanupPolicy: { delete: true, compact: false },
  compressionType: 'producer',
  compressionGzipLevel: -1,
  compressionLz4Level: 9,
  compressionZstdLevel: 3,
  preallocate: false,
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  messageTimestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
}

export function logConfig(overrides: Partial<LogConfig> = {}): LogConfig {
  return { ...defaults, ...overrides } as unknown as LogConfig
}

export function newPlatform(seed = 1): SimulatedPlatform {
  return simulatedPlatform({ seed })
}

export function newContext(
  platform: SimulatedPlatform,
  options: Partial<LogContextOptions> = {},
): LogContext {
  return new LogContext({ platform, logger: silentLogger, ...options })
}

export const DIRECTORY = '/data/flights-0'

export function createLog(context: LogContext, overrides: Partial<LogConfig> = {}): Log {
  return Log.create(context, {
    topic: 'flights',
    partition: 0,
    directory: DIRECTORY,
    topicId: 'KzViUmG_TMKfn45LG0aAbQ',
    config: logConfig(overrides),
  })
}

export interface ReopenOptions {
  readonly clean?: boolean
  readonly recoveryPoint?: number
  readonly logStartOffset?: number
}

export function reopenLog(
  context: LogContext,
  overrides: Partial<LogConfig> = {},
  options: ReopenOptions = {},
): Promise<Log> {
  return Log.load(context, {
    topic: 'flights',
    partition: 0,
    directory: DIRECTORY,
    config: logConfig(overrides),
    recoveryPoint: options.recoveryPoint ?? 0,
    logStartOffset: options.logStartOffset ?? 0,
    hadCleanShutdown: options.clean ?? false,
  })
}

/** A compaction without haste or want. */
export function cleanLimits(): CleanLimits {
  return { maxMapBytes: 1024 * 1024, load: 0.9, control: new CleanControl() }
}

export function leaderOptions(overrides: Partial<AppendOptions> = {}): AppendOptions {
  return {
    leaderEpoch: 0,
    origin: 'client',
    requestVersion: 9,
    nowMs: 1_700_000_000_000,
    ...overrides,
  }
}

/** A batch of `values`, with timestamps one millisecond apart. */
export function batchOf(
  values: readonly string[],
  input: Partial<BatchInput> & { readonly timestamp?: number } = {},
): Buffer {
  const { timestamp = 1_700_000_000_000, ...rest } = input
  return buildBatch({
    records: values.map((value, index) => ({
      key: Buffer.from(`k-${value}`),
      value: Buffer.from(value),
      timestamp: timestamp + index,
    })),
    ...rest,
  })
}

/** Lets everything that is queued, deferred or in flight happen. */
export async function settle(platform: SimulatedPlatform): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await platform.clock.advance(0)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** Appends as a leader, and waits until it is written. */
export async function append(
  platform: SimulatedPlatform,
  log: Log,
  records: Buffer,
  options: Partial<AppendOptions> = {},
): Promise<AppendResult> {
  const result = log.appendAsLeader(records, leaderOptions(options))
  await settle(platform)
  return result
}

/** Offsets and values of what a read gave, cut as a client does. */
export function recordsIn(result: ReadResult, fetchOffset = 0): string[] {
  const records: string[] = []
  for (const bytes of result.segments) {
    for (let p = 0; p < bytes.length; p += batch.sizeInBytes(bytes, p)) {
      for (const { offset, value } of readRecords(bytes, p)) {
        if (offset >= fetchOffset) records.push(`${offset}:${value?.toString() ?? ''}`)
      }
    }
  }
  return records
}

/** Everything from `from` on, read in steps of `maxBytes`. */
export async function readAll(
  log: Log,
  from = log.logStartOffset,
  options: Partial<ReadOptions> = {},
): Promise<string[]> {
  const records: string[] = []
  let fetchOffset = from
  for (;;) {
    const result = await log.read({ fetchOffset, maxBytes: 4096, minOneBatch: true, ...options })
    if (result.error !== 0) throw new Error(`error ${result.error} at ${fetchOffset}`)
    if (result.sizeBytes === 0) return records
    records.push(...recordsIn(result, fetchOffset))
    fetchOffset = endOf(result)
  }
}

/** Behind the last batch, which compaction may have left without records. */
function endOf({ segments }: ReadResult): number {
  let end = 0
  for (const bytes of segments) {
    for (let p = 0; p < bytes.length; p += batch.sizeInBytes(bytes, p)) {
      end = lastOffsetOf(bytes, p) + 1
    }
  }
  return end
}

/** Puts a golden directory on the simulated disk, as `DIRECTORY`. */
export function installGolden(platform: SimulatedPlatform, name: string): void {
  for (const [file, content] of goldenFiles(name)) {
    platform.disk.install(join(DIRECTORY, file), content)
  }
}

/** The files of a golden directory without the dumps of them. */
export function goldenFiles(name: string): Map<string, Buffer> {
  const directory = join(FIXTURES, name)
  const files = readdirSync(directory).filter((file) => !file.startsWith('dump-'))
  return new Map(files.map((file) => [file, readFileSync(join(directory, file))]))
}

/** Every batch of the log files of a golden directory, in order. */
export function goldenBatches(name: string): Buffer[] {
  const batches: Buffer[] = []
  for (const [file, bytes] of [...goldenFiles(name)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!file.endsWith('.log')) continue
    for (let p = 0; p < bytes.length; p += batch.sizeInBytes(bytes, p)) {
      batches.push(Buffer.from(bytes.subarray(p, p + batch.sizeInBytes(bytes, p))))
    }
  }
  return batches
}
