// The shards of one internal topic that this broker leads: it starts them on becoming leader by
// replaying their log, routes commands to them, and gives them up on resignation.
import { Errors } from '../wire/errors.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import { replayChunk, type RecordDecoder } from './replay.ts'
import type { OpenReplicatedLog, ReplicatedLog } from './replicated-log.ts'
import { Shard, type ShardSettings } from './shard.ts'
import type { Keyed, StateMachine } from './state-machine.ts'

export type { ReplicatedLog, OpenReplicatedLog, AppendOutcome } from './replicated-log.ts'

/** Bytes that are replayed in one turn of the event loop. */
const LOAD_CHUNK_BYTES = 1024 * 1024

export interface RuntimeOptions<Command extends Keyed, Event, Touch, Effect> extends ShardSettings<
  Command,
  Event,
  Touch,
  Effect
> {
  readonly topic: string
  readonly logger: Logger
  readonly createMachine: (partition: number) => StateMachine<Command, Event, Touch, Effect>
  /** The event in a record; undefined for a record that means nothing here. Throws when corrupt. */
  readonly decode: RecordDecoder<Event>
  readonly openLog: OpenReplicatedLog
  /** Called when a partition has been loaded, with how long it took. */
  readonly onLoaded?: (partition: number, durationMs: number) => void
}

export class Runtime<Command extends Keyed, Event, Touch, Effect> {
  readonly #options: RuntimeOptions<Command, Event, Touch, Effect>
  readonly #shards = new Map<number, Shard<Command, Event, Touch, Effect>>()

  constructor(options: RuntimeOptions<Command, Event, Touch, Effect>) {
    this.#options = options
  }

  /** Replays the partition and serves it from then on, unless it does already. */
  onLeaderElected(partition: number, leaderEpoch: number): void {
    const { openLog, logger, topic } = this.#options
    const current = this.#shards.get(partition)
    if (current !== undefined) {
      // Still the leader, in a new epoch: what it knows and who waits stays as it is.
      current.leaderEpoch = Math.max(current.leaderEpoch, leaderEpoch)
      return
    }
    const log = openLog(partition)
    if (log === undefined) return
    const machine = this.#options.createMachine(partition)
    const shard = new Shard(partition, leaderEpoch, log, machine, this.#options)
    this.#shards.set(partition, shard)
    logger.info(`Loading ${topic}-${partition} as its leader in epoch ${leaderEpoch}.`)
    void this.#load(shard, log)
  }

  /** Gives the partition up. Without an epoch (deleted, shutting down) always, else unless newer. */
  onResigned(partition: number, leaderEpoch?: number): void {
    const shard = this.#shards.get(partition)
    if (shard === undefined) return
    if (leaderEpoch !== undefined && leaderEpoch < shard.leaderEpoch) return
    this.#options.logger.info(`Resigned from ${this.#options.topic}-${partition}.`)
    this.#drop(shard)
  }

  /** 0 once the machine has taken the command; its effects tell the rest. */
  dispatch(partition: number, command: Command): number {
    const shard = this.#shards.get(partition)
    return shard === undefined ? Errors.NOT_COORDINATOR : shard.handle(command)
  }

  completeTransaction(partition: number, producerId: number, committed: boolean): void {
    this.#shards.get(partition)?.completeTransaction(producerId, committed)
  }

  /** Partitions that this broker leads, loaded or not. */
  partitions(): number[] {
    return [...this.#shards.keys()]
  }

  /** What the loaded partitions hold, for reading. */
  *machines(): Generator<StateMachine<Command, Event, Touch, Effect>> {
    for (const shard of this.#shards.values()) if (!shard.isLoading) yield shard.machine
  }

  close(): void {
    for (const shard of this.#shards.values()) this.#drop(shard)
  }

  #drop(shard: Shard<Command, Event, Touch, Effect>): void {
    this.#shards.delete(shard.partition)
    shard.close(Errors.NOT_COORDINATOR)
  }

  async #load(shard: Shard<Command, Event, Touch, Effect>, log: ReplicatedLog): Promise<void> {
    const { clock, logger, topic } = this.#options
    const name = `${topic}-${shard.partition}`
    const startMs = clock.monotonicMs()
    try {
      await this.#replay(shard, log, name)
    } catch (error) {
      if (shard.isClosed) return
      logger.error(`Cannot load ${name}; giving it up.`, error)
      this.#drop(shard)
      return
    }
    if (shard.isClosed) return
    shard.activate()
    const durationMs = Math.round(clock.monotonicMs() - startMs)
    logger.info(`Loaded ${name} in ${durationMs} ms for epoch ${shard.leaderEpoch}.`)
    this.#options.onLoaded?.(shard.partition, durationMs)
  }

  async #replay(
    shard: Shard<Command, Event, Touch, Effect>,
    log: ReplicatedLog,
    name: string,
  ): Promise<void> {
    const { clock, logger, decode } = this.#options
    const onSkipped = (offset: number, reason: string) =>
      logger.warn(`Skipped the record at offset ${offset} of ${name}: ${reason}`)
    let offset = log.logStartOffset
    while (!shard.isClosed && offset < log.logEndOffset) {
      const chunk = await log.read(offset, LOAD_CHUNK_BYTES)
      if (shard.isClosed) return
      const next = replayChunk(chunk, offset, shard.machine, decode, onSkipped)
      // Compaction may leave nothing between here and the log end offset.
      if (next <= offset) return
      offset = next
      await yieldToLoop(clock)
    }
  }
}

function yieldToLoop(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.defer(resolve))
}
