// A random history of one partition, checked against a model in memory: appends with and without
// producer ids, rolls, flushes, truncations, removals, compactions, clean stops, kills and power cuts.
// What is on disk is only ever what the log directory's own files say, and `ottla check` agrees.
import assert from 'node:assert/strict'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { LogConfig } from '../config/topic-config.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import type { Seeded } from '../testing/simulated/seeded.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { SimulatedMachine } from '../testing/simulated/simulated-world.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import { checkPartition } from './check.ts'
import { describeFinding } from './finding.ts'
import { Model } from './history-model.test.ts'
import type { Log } from './log.ts'
import { Logs } from './logs.ts'
import { cleanLimits, leaderOptions, logConfig, readAll, settle } from './support.test.ts'

const SETTINGS: Record<string, number | boolean | string> = {
  'producer.id.expiration.ms': Number.MAX_SAFE_INTEGER,
  'producer.id.expiration.check.interval.ms': 600_000,
  'num.recovery.threads.per.data.dir': 1,
  'log.initial.task.delay.ms': 30_000,
  'log.retention.check.interval.ms': 300_000,
  'log.flush.scheduler.interval.ms': Number.MAX_SAFE_INTEGER,
  'log.flush.offset.checkpoint.interval.ms': 60_000,
  'log.flush.start.offset.checkpoint.interval.ms': 60_000,
  'replica.high.watermark.checkpoint.interval.ms': 5000,
  'log.cleaner.enable': false,
}

export const fakeBrokerConfig = {
  get: (name: string) => SETTINGS[name],
} as unknown as BrokerConfig

export function openLogs(machine: SimulatedMachine, config: LogConfig): Promise<Logs> {
  return Logs.open({
    platform: machine.platform,
    logger: silentLogger,
    metrics: new Metrics(),
    config: fakeBrokerConfig,
    directories: ['/data'],
    brokerId: 0,
    clusterId: 'jzqEa8BARt2v_OD1cmK9Nw',
    topicConfig: () => config,
  })
}

export interface HistoryOptions {
  readonly seed: number
  readonly operations: number
  /** Changing disk operations until the plug is pulled, again and again. */
  readonly stepsBetweenCuts: number
}

/** Runs a history; returns how many power cuts it survived. */
export class History {
  readonly #machine: SimulatedMachine
  readonly #random: Seeded
  readonly #options: HistoryOptions
  readonly #model = new Model()
  readonly #config: LogConfig
  readonly #isCompacted: boolean
  #logs: Logs | undefined
  #producerId = 7
  #sequence = 0
  #cuts = 0

  constructor(options: HistoryOptions) {
    this.#options = options
    this.#machine = new SimulatedWorld({ seed: options.seed }).machine('broker')
    this.#random = this.#machine.platform.random.fork()
    this.#isCompacted = options.seed % 4 === 1
    this.#config = logConfig({
      segmentBytes: 500 + this.#below(3000),
      indexIntervalBytes: 50 + this.#below(400),
      retentionMs: -1,
      retentionBytes: this.#below(2) === 0 ? -1 : 4000,
      flushMessages: options.seed % 3 === 0 ? Number.MAX_SAFE_INTEGER : 1,
      fileDeleteDelayMs: 1000,
      cleanupPolicy: { delete: true, compact: this.#isCompacted },
    })
  }

  async run(): Promise<number> {
    await this.#reopen()
    for (let operation = 0; operation < this.#options.operations; operation += 1) {
      this.#armCut()
      try {
        await this.#operate()
      } catch (error) {
        if (!this.#machine.platform.disk.faults.isCrashed) throw error
      }
      if (this.#machine.platform.disk.faults.isCrashed) await this.#cutPower()
    }
    return this.#cuts
  }

  #below(limit: number): number {
    return this.#random.uint32() % limit
  }

  #armCut(): void {
    const { faults } = this.#machine.platform.disk
    faults.crashAt(faults.steps + this.#below(this.#options.stepsBetweenCuts))
  }

  get #log(): Log {
    const log = this.#logs?.get('flights', 0)
    assert.ok(log)
    return log
  }

  async #operate(): Promise<void> {
    const dice = this.#below(20)
    if (dice < 10) await this.#append()
    else if (dice === 10) this.#log.roll()
    else if (dice === 11) await this.#log.flush()
    else if (dice === 12) await this.#truncate()
    else if (dice === 13) this.#deleteRecords()
    else if (dice === 14) this.#log.applyRetention(this.#machine.platform.clock.nowMs())
    else if (dice === 15) await this.#machine.platform.clock.advance(61_000)
    else if (dice === 16) await this.#stopAndStart()
    else if (dice === 17) await this.#killAndStart()
    else if (dice === 18 && this.#isCompacted) await this.#compact()
    else await this.#compare()
    await settle(this.#machine.platform)
    this.#note()
  }

  #note(): void {
    const log = this.#logs?.get('flights', 0)
    if (log === undefined || log.hasFailed) return
    // Without flush.messages only what was flushed is sure to survive a power cut.
    const durable = this.#config.flushMessages === 1 ? log.logEndOffset : log.recoveryPoint
    this.#model.acknowledged = Math.max(this.#model.acknowledged, durable)
    this.#model.logStart = Math.max(this.#model.logStart, log.logStartOffset)
  }

  async #append(): Promise<void> {
    const log = this.#log
    for (let count = 1 + this.#below(3); count > 0; count -= 1) {
      const size = this.#below(12) === 0 ? 20_000 : this.#below(120)
      const values = [`v${this.#model.nextOffset}`.padEnd(size, 'x'), 'second']
      const keys = values.map(() => `key ${this.#below(6)}`)
      // Mostly later, sometimes earlier, as producers' clocks have it.
      const timestamps = values.map(() => 1e12 + 10 * this.#model.nextOffset + this.#below(100))
      const producer =
        this.#below(2) === 0 ? { producerId: this.#producerId, producerEpoch: 0 } : undefined
      const input = producer && { ...producer, baseSequence: this.#sequence }
      const config = { ...this.#config, segmentBytes: Math.max(this.#config.segmentBytes, 50_000) }
      log.updateConfig(size > 1000 ? config : this.#config)
      const records = values.map((value, index) => ({
        key: Buffer.from(keys[index] ?? ''),
        value: Buffer.from(value),
        timestamp: timestamps[index] ?? 0,
      }))
      const result = log.appendAsLeader(buildBatch({ records, ...input }), leaderOptions())
      if (log.hasFailed) return
      assert.equal(result.error, 0)
      if (producer !== undefined) this.#sequence += 2
      for (const [index, value] of values.entries()) {
        this.#model.records.set(result.firstOffset + index, {
          key: keys[index] ?? '',
          value,
          timestamp: timestamps[index] ?? 0,
        })
      }
      this.#model.nextOffset = result.lastOffset + 1
    }
  }

  async #truncate(): Promise<void> {
    const log = this.#log
    // What was compacted was below the high watermark, and is never truncated.
    const span = log.nextOffset - Math.max(log.logStartOffset, this.#model.cleanedUpTo)
    if (span <= 0) return
    // Whole batches, as leader epochs lead to; they hold two records each.
    const offset = log.nextOffset - 2 * this.#below(Math.floor(span / 2) + 1)
    this.#model.acknowledged = Math.min(this.#model.acknowledged, offset)
    await log.truncateTo(offset)
    this.#model.truncate(offset)
    this.#followProducer()
  }

  /** Goes on with the sequence that the log expects, or as a new producer. */
  #followProducer(): void {
    const producers = this.#logs?.get('flights', 0)?.producers() ?? []
    const known = producers.find(({ producerId }) => producerId === this.#producerId)
    this.#sequence = known === undefined ? 0 : known.lastSequence + 1
    if (known === undefined) this.#producerId += 1
  }

  #deleteRecords(): void {
    const log = this.#log
    log.updateHighWatermark(log.logEndOffset)
    const span = log.logEndOffset - log.logStartOffset
    const offset = log.logStartOffset + (span === 0 ? 0 : this.#below(span))
    assert.equal(log.deleteRecordsBefore(offset), 0)
  }

  async #compact(): Promise<void> {
    const log = this.#log
    log.updateHighWatermark(log.logEndOffset)
    const { platform } = this.#machine
    const dirtiness = log.dirtiness(0, platform.clock.nowMs())
    this.#model.cleanedUpTo = Math.max(this.#model.cleanedUpTo, dirtiness.firstUncleanableOffset)
    await log.clean(dirtiness, cleanLimits())
  }

  async #stopAndStart(): Promise<void> {
    await this.#logs?.close()
    const { disk } = this.#machine.platform
    if (disk.faults.isCrashed) return
    const findings = checkPartition(this.#machine.platform, this.#log.directory)
    for await (const finding of findings) {
      // A snapshot that a power cut has torn is dropped when it is looked at.
      const isSmall = /\.(snapshot|metadata)$/.test(finding.path)
      assert.ok(isSmall || finding.severity !== 'damage', describeFinding(finding))
    }
    this.#machine.kill()
    await this.#reopen()
    assert.equal(this.#log.logEndOffset, this.#model.nextOffset)
    assert.equal(this.#log.logStartOffset, this.#model.logStart)
    await this.#compare()
  }

  async #killAndStart(): Promise<void> {
    await settle(this.#machine.platform)
    if (this.#machine.platform.disk.faults.isCrashed) return
    this.#machine.kill()
    await this.#reopen()
    assert.equal(this.#log.logEndOffset, this.#model.nextOffset)
    this.#model.logStart = this.#log.logStartOffset
    await this.#compare()
  }

  async #cutPower(): Promise<void> {
    this.#cuts += 1
    this.#machine.powerOff()
    await this.#cutDuringStart()
    await this.#reopen()
    const log = this.#log
    assert.ok(log.logEndOffset >= this.#model.acknowledged, 'acknowledged records are gone')
    assert.ok(log.logEndOffset <= this.#model.nextOffset, 'records came from nowhere')
    this.#model.truncate(log.logEndOffset)
    this.#model.logStart = log.logStartOffset
    // In a compacted log nothing tells what a power cut has taken from what a compaction has.
    if (this.#isCompacted) this.#model.lose(await this.#held(), log.logEndOffset)
    await this.#compare()
  }

  async #held(): Promise<number[]> {
    return (await readAll(this.#log)).map((record) => Number(record.split(':')[0]))
  }

  /** A start may be cut as well, and the next one. */
  async #cutDuringStart(): Promise<void> {
    while (this.#below(4) === 0) {
      const { faults } = this.#machine.platform.disk
      faults.crashAt(faults.steps + this.#below(25))
      await openLogs(this.#machine, this.#config).catch((error: unknown) => {
        if (!faults.isCrashed) throw error
      })
      if (faults.isCrashed) this.#cuts += 1
      this.#machine.powerOff()
    }
  }

  async #reopen(): Promise<void> {
    const { faults } = this.#machine.platform.disk
    faults.crashAt(Infinity)
    this.#logs = await openLogs(this.#machine, this.#config)
    const log = this.#logs.getOrCreate('flights', 0, 'KzViUmG_TMKfn45LG0aAbQ')
    this.#logs.start()
    log.updateHighWatermark(log.logEndOffset)
    this.#followProducer()
  }

  async #compare(): Promise<void> {
    const log = this.#log
    const { logStartOffset, logEndOffset } = log
    const found = await readAll(log)
    this.#model.check(found, logStartOffset, logEndOffset)
    const some = logStartOffset + this.#below(Math.max(1, logEndOffset - logStartOffset))
    const tail = await readAll(log, some, { maxBytes: 1 + this.#below(2000) })
    this.#model.check(tail, some, logEndOffset)
    const held = found.map((record) => Number(record.split(':')[0]))
    const timestamp = 1e12 + 10 * some + this.#below(100)
    this.#model.checkTime(timestamp, await log.offsetForTimestamp(timestamp), held)
    this.#model.checkNewest(await log.offsetForTimestamp(-3), held)
  }
}
