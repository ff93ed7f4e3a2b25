// Names of files and directories as Kafka gives them. A name that is not parsed here belongs to
// somebody else and is left alone.

const OFFSET_DIGITS = 20
const MAX_NAME_BYTES = 255

export const LOG_SUFFIX = '.log'
export const OFFSET_INDEX_SUFFIX = '.index'
export const TIME_INDEX_SUFFIX = '.timeindex'
export const TRANSACTION_INDEX_SUFFIX = '.txnindex'
export const SNAPSHOT_SUFFIX = '.snapshot'
/** Added to a file that is removed after `file.delete.delay.ms`. */
export const DELETED_SUFFIX = '.deleted'
/** Added to what the cleaner is still writing. */
export const CLEANED_SUFFIX = '.cleaned'
/** Added to what the cleaner has finished and a load may put in place. */
export const SWAP_SUFFIX = '.swap'

export const LEADER_EPOCH_FILE = 'leader-epoch-checkpoint'
export const PARTITION_METADATA_FILE = 'partition.metadata'

/** `00000000000000000042.log` */
export function offsetFileName(offset: number, suffix: string): string {
  return offset.toString().padStart(OFFSET_DIGITS, '0') + suffix
}

/** The offset in a name of exactly 20 digits and `suffix`; undefined for any other name. */
export function offsetOfFile(name: string, suffix: string): number | undefined {
  if (name.length !== OFFSET_DIGITS + suffix.length || !name.endsWith(suffix)) return undefined
  const digits = name.slice(0, OFFSET_DIGITS)
  if (!/^\d+$/.test(digits)) return undefined
  const offset = Number(digits)
  return Number.isSafeInteger(offset) ? offset : undefined
}

const PARTITION_FILE =
  /^(\d{20}\.(log|index|timeindex|txnindex|snapshot)(\.(deleted|cleaned|swap))?|leader-epoch-checkpoint(\.tmp)?|partition\.metadata(\.tmp)?)$/

const DIRECTORY_FILE =
  /^(meta\.properties|\.lock|\.kafka_cleanshutdown|\.ottla-session|(recovery-point|log-start|replication|cleaner)-offset-checkpoint)(\.tmp)?$/

/** Whether a file in a log directory has one of the names that brokers give. */
export function isDirectoryFile(name: string): boolean {
  return DIRECTORY_FILE.test(name)
}

/** Whether a file in the directory of a partition has one of Kafka's names. */
export function isPartitionFile(name: string): boolean {
  return PARTITION_FILE.test(name)
}

export type DirectoryKind = 'current' | 'future' | 'delete' | 'stray'

export interface PartitionDirectory {
  readonly kind: DirectoryKind
  /** Cut at the end when kind is not `current` and the name would not have fitted. */
  readonly topic: string
  readonly partition: number
}

const CURRENT = /^([a-zA-Z0-9._-]{1,249})-(\d{1,10})$/
const SUFFIXED = /^([a-zA-Z0-9._-]*)-(\d{1,10})\.([0-9a-f]{32})-(delete|future|stray)$/

/** What a directory in a log directory holds; undefined when it is not a partition's. */
export function parsePartitionDirectory(name: string): PartitionDirectory | undefined {
  const suffixed = SUFFIXED.exec(name)
  if (suffixed !== null) {
    const kind = suffixed[4]
    if (kind !== 'delete' && kind !== 'future' && kind !== 'stray') return undefined
    return { kind, topic: suffixed[1] ?? '', partition: Number(suffixed[2]) }
  }
  const current = CURRENT.exec(name)
  if (current === null) return undefined
  const topic = current[1] ?? ''
  if (topic === '.' || topic === '..') return undefined
  return { kind: 'current', topic, partition: Number(current[2]) }
}

export function partitionDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** `topic-0.<32 hex>-delete`, the topic cut so that the name fits into 255 bytes (KAFKA-4893). */
export function suffixedDirectoryName(
  topic: string,
  partition: number,
  uniqueHex: string,
  kind: Exclude<DirectoryKind, 'current'>,
): string {
  const tail = `-${partition}.${uniqueHex}-${kind}`
  return topic.slice(0, MAX_NAME_BYTES - tail.length) + tail
}
