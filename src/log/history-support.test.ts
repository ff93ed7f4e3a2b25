// A random history of one partition, checked against a model in memory: appends with and without
// producer ids, rolls, flushes, truncations, removals, clean stops, kills and power cuts. What is
// on disk is only ever what the log directory's own files say.
import assert from 'node:assert/strict'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { LogConfig } from '../config/topic-config.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import type { Seeded } from '../testing/simulated/seeded.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { SimulatedMachine } from '../testing/simulated/simulated-world.ts'
import type { Log } from './log.ts'
import { Logs } from './logs.ts'
import { batchOf, leaderOptions, logConfig, readAll, settle } from './support.test.ts'

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

/** Says where two runs of records begin to differ: they may be long. */
function assertSame(found: readonly string[], expected: readonly string[]): void {
  const index = expected.findIndex((record, at) => record !== found[at])
  if (index >= 0 || found.length !== expected.length) {
    assert.fail(
      `${found.length} records for ${expected.length}; first difference: ` +
        `${found[index]?.slice(0, 30)} for ${expected[index]?.slice(0, 30)}`,
    )
  }
}

/** What the log should hold. */
class Model {
  /** Value of every offset that was ever appended and not truncated. */
  readonly values = new Map<number, string>()
  nextOffset = 0
  /** Everything below must survive. */
  acknowledged = 0
  logStart = 0

  expected(from: number, to: number): string[] {
    const records: string[] = []
    for (let offset = from; offset < to; offset += 1) {
      records.push(`${offset}:${this.values.get(offset) ?? ''}`)
    }
    return records
  }

  truncate(offset: number): void {
    this.nextOffset = Math.min(this.nextOffset, offset)
    this.acknowledged = Math.min(this.acknowledged, offset)
    for (const other of this.values.keys()) if (other >= offset) this.values.delete(other)
  }
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
  #logs: Logs | undefined
  #producerId = 7
  #sequence = 0
  #cuts = 0

  constructor(options: HistoryOptions) {
    this.#options = options
    this.#machine = new SimulatedWorld({ seed: options.seed }).machine('broker')
    this.#random = this.#machine.platform.random.fork()
    this.#config = logConfig({
      segmentBytes: 500 + this.#below(3000),
      indexIntervalBytes: 50 + this.#below(400),
      retentionMs: -1,
      retentionBytes: this.#below(2) === 0 ? -1 : 4000,
      flushMessages: options.seed % 3 === 0 ? Number.MAX_SAFE_INTEGER : 1,
      fileDeleteDelayMs: 1000,
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
      const producer =
        this.#below(2) === 0 ? { producerId: this.#producerId, producerEpoch: 0 } : undefined
      const input = producer && { ...producer, baseSequence: this.#sequence }
      const config = { ...this.#config, segmentBytes: Math.max(this.#config.segmentBytes, 50_000) }
      log.updateConfig(size > 1000 ? config : this.#config)
      const result = log.appendAsLeader(batchOf(values, input), leaderOptions())
      if (log.hasFailed) return
      assert.equal(result.error, 0)
      if (producer !== undefined) this.#sequence += 2
      for (const [index, value] of values.entries()) {
        this.#model.values.set(result.firstOffset + index, value)
      }
      this.#model.nextOffset = result.lastOffset + 1
    }
  }

  async #truncate(): Promise<void> {
    const log = this.#log
    const span = log.nextOffset - log.logStartOffset
    if (span === 0) return
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

  async #stopAndStart(): Promise<void> {
    await this.#logs?.close()
    if (this.#machine.platform.disk.faults.isCrashed) return
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
    await this.#reopen()
    const log = this.#log
    assert.ok(log.logEndOffset >= this.#model.acknowledged, 'acknowledged records are gone')
    assert.ok(log.logEndOffset <= this.#model.nextOffset, 'records came from nowhere')
    this.#model.truncate(log.logEndOffset)
    this.#model.logStart = log.logStartOffset
    await this.#compare()
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
    const found = await readAll(log)
    const expected = this.#model.expected(log.logStartOffset, log.logEndOffset)
    assertSame(found, expected)
    const some = log.logStartOffset + this.#below(Math.max(1, expected.length))
    const tail = await readAll(log, some, { maxBytes: 1 + this.#below(2000) })
    assertSame(tail, this.#model.expected(some, log.logEndOffset))
  }
}
