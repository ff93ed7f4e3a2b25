// Opens the directory of a log. After a clean stop its files are believed, as far as their ends
// agree; otherwise everything from the recovery point on is checked batch by batch (recovery.ts).
import { join } from 'node:path'
import type { LogConfig } from '../config/topic-config.ts'
import { readFileIfPresent } from './atomic-file.ts'
import { CheckpointFormatError, parseEpochs } from './checkpoint-file.ts'
import { scanDirectory } from './directory-scan.ts'
import { LEADER_EPOCH_FILE, PARTITION_METADATA_FILE } from './file-names.ts'
import { LeaderEpochCache } from './leader-epoch-cache.ts'
import type { LogContext } from './log-context.ts'
import type { LogParts } from './log-state.ts'
import { parsePartitionMetadata } from './partition-metadata.ts'
import { replayProducers } from './producer-replay.ts'
import { ProducerStates } from './producer-state.ts'
import { recallBatches } from './recent-batches.ts'
import { rebuildEpochs, recover } from './recovery.ts'
import { removeNewestFirst } from './remove-segments.ts'
import { Segment } from './segment.ts'
import { SegmentList } from './segment-list.ts'
import { findBatch } from './segment-read.ts'
import { SnapshotFiles } from './snapshot-files.ts'
import { lastOffsetOf } from './tail-cache.ts'

export interface LoadOptions {
  readonly topic: string
  readonly partition: number
  readonly directory: string
  readonly config: LogConfig
  /** From the checkpoints of the log directory; 0 when they do not name the partition. */
  readonly recoveryPoint: number
  readonly logStartOffset: number
  /** The broker had stopped in order. */
  readonly hadCleanShutdown: boolean
  /** The cleaner has been here, whatever the policy is now: there may be gaps. */
  readonly wasCompacted?: boolean | undefined
  /** Told of bytes that a check has passed. */
  readonly onChecked?: ((bytes: number) => void) | undefined
}

export interface LoadingLog {
  readonly context: LogContext
  readonly options: LoadOptions
  segments: SegmentList
  readonly producers: ProducerStates
  readonly snapshots: SnapshotFiles
  readonly epochs: LeaderEpochCache
  logStartOffset: number
  /** From this offset on an index has to be made anew; Infinity: nowhere. */
  damagedFrom: number
}

export async function loadLog(context: LogContext, options: LoadOptions): Promise<LogParts> {
  const { directory } = options
  const content = await scanDirectory(context, directory)
  const offsets = await removeBelowStart(context, options, content.segmentOffsets)
  const segments = offsets.map((offset) => openSegment(context, directory, offset))
  const epochs = readEpochs(context, directory)
  const loading: LoadingLog = {
    context,
    options,
    segments: new SegmentList(segments),
    producers: new ProducerStates(),
    snapshots: new SnapshotFiles(context.platform.disk, directory, content.snapshotOffsets),
    epochs: epochs ?? new LeaderEpochCache(),
    logStartOffset: Math.max(options.logStartOffset, segments[0]?.baseOffset ?? 0),
    damagedFrom: Infinity,
  }
  checkTransactionIndexes(loading, content.transactionOffsets)
  const trusted = options.hadCleanShutdown && epochs !== undefined
  const found = trusted ? await openClean(loading) : await openUnclean(loading, epochs)
  return await finish(loading, found)
}

/** Segments that retention had given up, when the names of their files are back. */
async function removeBelowStart(
  context: LogContext,
  options: LoadOptions,
  offsets: readonly number[],
): Promise<readonly number[]> {
  const kept = offsets.filter((_offset, index) => {
    const next = offsets[index + 1]
    return next === undefined || next > options.logStartOffset
  })
  const gone = offsets.slice(0, offsets.length - kept.length)
  const segments = gone.map((offset) => openSegment(context, options.directory, offset))
  await removeNewestFirst(context, segments)
  return kept
}

/** Segments whose index of aborted transactions is damaged are gone through again. */
function checkTransactionIndexes(loading: LoadingLog, offsets: readonly number[]): void {
  for (const segment of loading.segments.all) {
    if (!offsets.includes(segment.baseOffset) || !segment.hasDamagedTransactions) continue
    const { log, transactions } = segment.files
    loading.context.logger.warn(`${transactions} is damaged: made anew from ${log}`)
    loading.damagedFrom = Math.min(loading.damagedFrom, segment.baseOffset)
  }
}

interface Found {
  readonly logEndOffset: number
  readonly isClean: boolean
}

async function openClean(loading: LoadingLog): Promise<Found> {
  const { segments, snapshots } = loading
  if (segments.length === 0) return { logEndOffset: loading.logStartOffset, isClean: true }
  if (loading.damagedFrom < Infinity) return await recoverFrom(loading, loading.damagedFrom)
  const logEndOffset = await readEnd(loading)
  if (logEndOffset === undefined) {
    const { log } = segments.active.files
    loading.context.logger.warn(`${log} does not end where its index says: checking the log`)
    return await recoverFrom(loading, segments.active.baseOffset)
  }
  // Without any snapshot there never was a producer with an id.
  if (snapshots.offsets.length > 0) {
    await replayProducers(loading, logEndOffset)
    await recallBatches(segments.active, loading.producers)
  }
  return { logEndOffset, isClean: true }
}

/** Next offset after the last batch of the active segment; undefined when it has no proper end. */
async function readEnd({ segments }: LoadingLog): Promise<number | undefined> {
  const { active } = segments
  if (active.sizeBytes === 0) return active.baseOffset
  const { offset } = active.index.load(active.sizeBytes)
  if (active.index.damage !== undefined) return undefined
  const from = offset.positionFor(Infinity)
  let end = active.baseOffset
  try {
    const stop = await findBatch(active, from, (b, p) => {
      end = lastOffsetOf(b, p) + 1
      return false
    })
    return stop.position === active.sizeBytes ? end : undefined
  } catch {
    return undefined
  }
}

async function openUnclean(
  loading: LoadingLog,
  epochs: LeaderEpochCache | undefined,
): Promise<Found> {
  const { options } = loading
  if (epochs === undefined) await rebuildEpochs(loading)
  return await recoverFrom(loading, Math.min(options.recoveryPoint, loading.damagedFrom))
}

async function recoverFrom(loading: LoadingLog, recoveryPoint: number): Promise<Found> {
  const logEndOffset = await recover(loading, recoveryPoint)
  return { logEndOffset, isClean: loading.segments.length === 0 }
}

async function finish(loading: LoadingLog, found: Found): Promise<LogParts> {
  const { context, options, epochs, snapshots } = loading
  let { logEndOffset, isClean } = found
  const { logStartOffset } = loading
  if (logEndOffset < logStartOffset) {
    context.logger.warn(
      `${options.directory} ends at ${logEndOffset}, below its log start offset ` +
        `${logStartOffset}: emptied, it goes on from there`,
    )
    await removeNewestFirst(context, loading.segments.all)
    loading.segments = new SegmentList([])
    loading.producers.clear()
    logEndOffset = logStartOffset
    isClean = false
  }
  if (loading.segments.length === 0) loading.segments = firstSegment(context, options, logEndOffset)
  epochs.truncateFromEnd(logEndOffset)
  epochs.truncateFromStart(logStartOffset)
  snapshots.removeAbove(logEndOffset)
  return {
    topic: options.topic,
    partition: options.partition,
    directory: options.directory,
    topicId: readTopicId(context, options.directory),
    config: options.config,
    segments: loading.segments,
    producers: loading.producers,
    snapshots,
    epochs,
    logStartOffset,
    logEndOffset,
    recoveryPoint: isClean ? logEndOffset : Math.min(options.recoveryPoint, logEndOffset),
    isClean,
    namesDurable: isClean && options.hadCleanShutdown,
  }
}

function firstSegment(context: LogContext, options: LoadOptions, offset: number): SegmentList {
  return new SegmentList([
    new Segment(context, {
      directory: options.directory,
      baseOffset: offset,
      sizeBytes: 0,
      modifiedMs: context.platform.clock.nowMs(),
      isNew: true,
    }),
  ])
}

function openSegment(context: LogContext, directory: string, baseOffset: number): Segment {
  const segment = new Segment(context, {
    directory,
    baseOffset,
    sizeBytes: 0,
    modifiedMs: 0,
    isNew: false,
  })
  const status = context.platform.disk.statSync(segment.files.log)
  segment.sizeBytes = status?.size ?? 0
  segment.readableBytes = segment.sizeBytes
  segment.uncheckedBytes = segment.sizeBytes
  segment.createdMs = status?.modifiedMs ?? 0
  return segment
}

/** Undefined when the file cannot be parsed: the batches tell the epochs then. */
function readEpochs(context: LogContext, directory: string): LeaderEpochCache | undefined {
  const path = join(directory, LEADER_EPOCH_FILE)
  const bytes = readFileIfPresent(context.platform.disk, path)
  if (bytes === undefined) return new LeaderEpochCache()
  try {
    return new LeaderEpochCache(parseEpochs(bytes.toString()))
  } catch (error) {
    if (!(error instanceof CheckpointFormatError)) throw error
    context.logger.warn(`${path} is damaged (${error.message}): read from the log files instead`)
    return undefined
  }
}

function readTopicId(context: LogContext, directory: string): string | undefined {
  const path = join(directory, PARTITION_METADATA_FILE)
  const bytes = readFileIfPresent(context.platform.disk, path)
  if (bytes === undefined) return undefined
  const topicId = parsePartitionMetadata(bytes.toString())
  if (topicId === undefined) context.logger.warn(`${path} is damaged: taken as absent`)
  return topicId
}
