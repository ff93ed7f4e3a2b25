// A data directory in use: locked, recovered, its log written, snapshots taken every `snapCount`
// transactions and old files purged. Owns every file below the directory.
import { createHmac } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { NumberedFile } from './data-files.ts'
import type { DirectoryState } from './four-letter-words.ts'
import type { Disk, DiskLock } from '../platform/disk.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import {
  DirectoryError,
  LOCK_FILE,
  SECRET_FILE,
  numberedFiles,
  numberedName,
  refuseForeign,
  versionDirectory,
} from './data-files.ts'
import { recover } from './recover.ts'
import type { Recovered } from './recover.ts'
import { encodeSnapshot, SnapshotSlices } from './snapshot.ts'
import { TransactionLog } from './transaction-log.ts'
import type { Entry } from './transactions.ts'
import type { Tree } from './tree.ts'

export interface StorageOptions {
  readonly platform: Platform
  readonly logger: Logger
  readonly directory: string
  /** Where the transaction logs are; the same by default. */
  readonly logDirectory: string
  readonly snapCount: number
  /** Undefined keeps everything. */
  readonly retainSnapshots: number | undefined
  readonly preAllocateBytes: number
  readonly sync: boolean
  readonly extendedTypes: boolean
  readonly trustEmptySnapshot: boolean
}

const SECRET_BYTES = 32

export class Storage {
  readonly tree: Tree
  readonly #options: StorageOptions
  readonly #locks: readonly DiskLock[]
  readonly #secret: Buffer
  readonly #log: TransactionLog
  #entriesSinceSnapshot: number
  #snapshotting: Promise<void> | undefined
  /** Set by the owner before the first append. */
  onDurable: (zxid: number) => void = () => {}
  onFailure: (error: unknown) => void = () => {}

  private constructor(
    options: StorageOptions,
    locks: readonly DiskLock[],
    secret: Buffer,
    tree: Tree,
    entriesSinceSnapshot: number,
  ) {
    this.#options = options
    this.#locks = locks
    this.#secret = secret
    this.tree = tree
    this.#entriesSinceSnapshot = entriesSinceSnapshot
    this.#log = new TransactionLog({
      disk: options.platform.disk,
      directory: versionDirectory(options.logDirectory),
      preAllocateBytes: options.preAllocateBytes,
      sync: options.sync,
      lastZxid: tree.lastZxid,
      onDurable: (zxid) => this.onDurable(zxid),
      onFailure: (error) => this.onFailure(error),
    })
  }

  /** Throws a DirectoryError, having changed nothing, when the directory cannot be used. */
  static async open(options: StorageOptions): Promise<Storage> {
    const { disk } = options.platform
    const directories = [...new Set([options.directory, options.logDirectory])]
    for (const directory of directories) refuseForeign(disk, directory)
    const locks: DiskLock[] = []
    try {
      for (const directory of directories) locks.push(await lock(options, directory))
      const recovered = recoverTree(options)
      // The first start is part of a broker's: what must reach the disk goes there side by side.
      const [secret] = await Promise.all([
        readOrMakeSecret(options),
        recovered.snapshotZxid === undefined ? writeFirstSnapshot(options, recovered.tree) : null,
      ])
      const { tree, entriesSinceSnapshot } = recovered
      return new Storage(options, locks, secret, tree, entriesSinceSnapshot)
    } catch (error) {
      for (const held of locks) await held.release()
      throw error
    }
  }

  /** What the directory holds now. */
  state(): DirectoryState {
    const { disk } = this.#options.platform
    const sizeOf = (files: readonly NumberedFile[]): number =>
      files.reduce((sum, { path }) => sum + (disk.statSync(path)?.size ?? 0), 0)
    const snapshots = numberedFiles(disk, versionDirectory(this.#options.directory), 'snapshot')
    const logs = numberedFiles(disk, versionDirectory(this.#options.logDirectory), 'log')
    const newest = snapshots.at(-1)
    return {
      dataBytes: sizeOf(snapshots),
      logBytes: sizeOf(logs),
      snapshotZxid: newest?.zxid ?? 0,
      snapshotMs: newest === undefined ? 0 : (disk.statSync(newest.path)?.modifiedMs ?? 0),
    }
  }

  get durableZxid(): number {
    return this.#log.durableZxid
  }

  get pendingBytes(): number {
    return this.#log.pendingBytes
  }

  /** Call after the entry has been applied to the tree. */
  append(entry: Entry): void {
    this.#log.append(entry)
    this.#entriesSinceSnapshot++
    if (this.#entriesSinceSnapshot >= this.#options.snapCount) this.#beginSnapshot()
  }

  /** What a client must show to come back to its session. */
  passwordOf(sessionId: bigint): Buffer {
    const id = Buffer.alloc(8)
    id.writeBigInt64BE(sessionId)
    return createHmac('sha256', this.#secret).update(id).digest().subarray(0, 16)
  }

  /** Resolves when everything appended so far is durable, or has failed. */
  flush(): Promise<void> {
    return this.#log.flush()
  }

  async close(): Promise<void> {
    await this.#log.close()
    await this.#snapshotting
    for (const held of this.#locks) await held.release()
  }

  #beginSnapshot(): void {
    if (this.#snapshotting !== undefined) return
    this.#entriesSinceSnapshot = 0
    const zxid = this.tree.lastZxid
    const slices = new SnapshotSlices(this.tree)
    this.#log.roll()
    this.#snapshotting = writeSnapshot(this.#options, zxid, slices)
      .then(() => purge(this.#options))
      .catch((error: unknown) => {
        this.#options.logger.error(`Snapshot 0x${zxid.toString(16)} could not be written`, error)
      })
      .finally(() => {
        slices.abandon()
        this.#snapshotting = undefined
      })
  }
}

async function lock(options: StorageOptions, directory: string): Promise<DiskLock> {
  const { disk } = options.platform
  disk.makeDirectorySync(versionDirectory(directory))
  try {
    return await disk.lock(join(directory, LOCK_FILE))
  } catch (error) {
    throw new DirectoryError(
      `${directory} is in use by another process; stop it, or name another directory as dataDir`,
      { cause: error },
    )
  }
}

function recoverTree(options: StorageOptions): Recovered {
  return recover({
    disk: options.platform.disk,
    logger: options.logger,
    snapshotDirectory: versionDirectory(options.directory),
    logDirectory: versionDirectory(options.logDirectory),
    extendedTypes: options.extendedTypes,
    trustEmptySnapshot: options.trustEmptySnapshot,
  })
}

/**
 * ZooKeeper takes logs without any snapshot for a loss, so there is one from the start. It gets its
 * name at once: should a crash break it, there is no log beside it yet, and it is written anew.
 */
async function writeFirstSnapshot(options: StorageOptions, tree: Tree): Promise<void> {
  const { disk } = options.platform
  const directory = versionDirectory(options.directory)
  const path = join(directory, numberedName('snapshot', tree.lastZxid))
  const logDirectory = versionDirectory(options.logDirectory)
  await Promise.all([
    writeSmallFile(options, path, encodeSnapshot(tree)),
    options.sync ? syncNames(disk, [directory, logDirectory]) : null,
  ])
}

async function writeSmallFile(options: StorageOptions, path: string, bytes: Buffer): Promise<void> {
  const file = options.platform.disk.openSync(path, 'create')
  try {
    file.truncateSync(0)
    file.writeSync(bytes, 0)
    if (options.sync) await file.sync()
  } finally {
    file.closeSync()
  }
}

/** Makes the directories themselves durable: each is a name in the one above. */
async function syncNames(disk: Disk, directories: readonly string[]): Promise<void> {
  const names = new Set<string>()
  for (const directory of directories) {
    for (let at = directory; !names.has(at); at = dirname(at)) names.add(at)
  }
  await Promise.all([...names].map((name) => disk.syncDirectory(name).catch(ignoreDenied)))
}

/** A directory above that cannot even be read was not made by this process. */
function ignoreDenied(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'EACCES' && code !== 'EPERM') throw error
}

async function readOrMakeSecret(options: StorageOptions): Promise<Buffer> {
  const { disk, random } = options.platform
  const path = join(options.directory, SECRET_FILE)
  if (disk.statSync(path)?.size === SECRET_BYTES) return disk.readFileSync(path)
  const secret = random.bytes(SECRET_BYTES)
  const written = writeSmallFile(options, path, secret)
  await Promise.all([written, options.sync ? disk.syncDirectory(options.directory) : null])
  return secret
}

/** Under another name first, so that a snapshot with its own name is whole. */
async function writeSnapshot(
  options: StorageOptions,
  zxid: number,
  slices: SnapshotSlices,
): Promise<void> {
  const { disk } = options.platform
  const directory = versionDirectory(options.directory)
  const path = join(directory, numberedName('snapshot', zxid))
  const file = await disk.open(`${path}.tmp`, 'create')
  try {
    file.truncateSync(0)
    let position = 0
    for (let slice = slices.next(); slice !== undefined; slice = slices.next()) {
      // Requests have their turn while it is written.
      await file.writev([slice], position)
      position += slice.length
    }
    if (options.sync) await file.sync()
  } finally {
    file.closeSync()
  }
  await disk.rename(`${path}.tmp`, path)
  if (options.sync) await disk.syncDirectory(directory)
}

/** Keeps the newest snapshots, and every log that may hold a transaction after the oldest of them. */
async function purge(options: StorageOptions): Promise<void> {
  const { retainSnapshots } = options
  if (retainSnapshots === undefined) return
  const { disk } = options.platform
  const snapshots = numberedFiles(disk, versionDirectory(options.directory), 'snapshot')
  const oldestKept = snapshots.at(-retainSnapshots)
  if (oldestKept === undefined || snapshots.length <= retainSnapshots) return
  const logs = numberedFiles(disk, versionDirectory(options.logDirectory), 'log')
  const firstNeeded = logs.findLastIndex((log) => log.zxid <= oldestKept.zxid + 1)
  const old = [...logs.slice(0, Math.max(0, firstNeeded)), ...snapshots.slice(0, -retainSnapshots)]
  for (const { path } of old) await disk.remove(path)
}
