// The log of one partition of an internal topic, as little of it as a coordinator needs. The
// broker supplies it; a coordinator never sees partitions, replicas or files.

export interface AppendOutcome {
  /** 0, or why nothing was appended. */
  readonly error: number
  /** Of the last record; meaningless when `error` is not 0. */
  readonly lastOffset: number
}

export interface ReplicatedLog {
  readonly logStartOffset: number
  /** One past the last record that can be read. */
  readonly logEndOffset: number
  /** One past the last record that every in-sync replica has. */
  readonly highWatermark: number
  /** Appends one batch as leader, or refuses it at once (not leader, too few in sync, ...). */
  append(records: Buffer): AppendOutcome
  /**
   * Whole batches from the one that holds `fromOffset`, damaged ones among them; empty at the end
   * of the log.
   */
  read(fromOffset: number, maxBytes: number): Promise<Buffer>
  /** Calls back after the high watermark has moved; the result ends that. */
  onHighWatermark(listener: (highWatermark: number) => void): () => void
}

/** Undefined when this broker does not lead the partition. */
export type OpenReplicatedLog = (partition: number) => ReplicatedLog | undefined
