// The first step of a compaction: reads the dirty part of a log into a map of newest offsets, and
// says which segments will become one. Runs in a worker thread.
import type { Disk } from '../platform/disk.ts'
import type { TaskWorld, WorkerTask } from '../platform/worker.ts'
import * as batch from '../wire/records/batch.ts'
import { borrowedSection } from '../wire/records/read-records.ts'
import { RecordCursor } from '../wire/records/record-cursor.ts'
import { readFileIfPresent } from './atomic-file.ts'
import { CleanControl, Pace } from './clean-control.ts'
import { scanSegment } from './clean-scan.ts'
import type { PlannedSegment } from './clean-scan.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import { OffsetIndex } from './offset-index.ts'
import { OffsetMap } from './offset-map.ts'
import type { SharedOffsetMap } from './offset-map.ts'
import { segmentFiles } from './segment.ts'
import { lastOffsetOf } from './tail-cache.ts'

const MAX_OFFSET_SPAN = 2 ** 31 - 1

export interface MapKeysInput {
  readonly directory: string
  /** Those that may be rewritten, from the oldest on. */
  readonly segments: readonly PlannedSegment[]
  readonly firstDirtyOffset: number
  readonly firstUncleanableOffset: number
  /** Of `packAborted`. */
  readonly aborted: Float64Array
  readonly maxMapBytes: number
  readonly load: number
  readonly seed: number
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly control: SharedArrayBuffer
}

export interface MappedKeys {
  readonly map: SharedOffsetMap
  /** Runs of segments below the end of the map that fit into one. */
  readonly groups: readonly (readonly PlannedSegment[])[]
  readonly bytesRead: number
}

export const mapKeys: WorkerTask<MapKeysInput, MappedKeys> = {
  name: 'map keys',
  async run(input, world) {
    const { firstDirtyOffset: from, firstUncleanableOffset: to, maxMapBytes, seed, load } = input
    const map = OffsetMap.empty({ wantedKeys: to - from, maxBytes: maxMapBytes, seed, load })
    map.latestOffset = from - 1
    const bytesRead = await new KeyWalk(input, world, map).run()
    return { map: map.shared, groups: groupsOf(input, world.disk, map.latestOffset + 1), bytesRead }
  },
}

class KeyWalk {
  readonly #input: MapKeysInput
  readonly #world: TaskWorld
  readonly #map: OffsetMap
  readonly #pace: Pace
  readonly #transactions: CleanedTransactions
  readonly #cursor = new RecordCursor()

  constructor(input: MapKeysInput, world: TaskWorld, map: OffsetMap) {
    this.#input = input
    this.#world = world
    this.#map = map
    this.#pace = new Pace(world.clock, new CleanControl(input.control))
    this.#transactions = new CleanedTransactions(input.aborted)
  }

  /** Ends early when the map is full: what follows waits for the next run. Returns bytes read. */
  async run(): Promise<number> {
    const { directory, firstDirtyOffset, firstUncleanableOffset } = this.#input
    let bytesRead = 0
    for (const segment of this.#input.segments) {
      if (segment.endOffset <= firstDirtyOffset) continue
      if (segment.baseOffset >= firstUncleanableOffset) break
      const from = this.#positionIn(segment)
      let isFull = false
      const scan = { world: this.#world, directory, segment, from, pace: this.#pace }
      bytesRead += await scanSegment(scan, (b, p) => {
        if (lastOffsetOf(b, p) >= firstUncleanableOffset) return true
        isFull = !this.#visit(b, p)
        return isFull
      })
      if (isFull) break
      const end = Math.min(segment.endOffset, firstUncleanableOffset)
      this.#map.latestOffset = Math.max(this.#map.latestOffset, end - 1)
    }
    return bytesRead
  }

  #positionIn(segment: PlannedSegment): number {
    const { directory, firstDirtyOffset } = this.#input
    if (segment.baseOffset >= firstDirtyOffset) return 0
    const path = segmentFiles(directory, segment.baseOffset).offset
    const bytes = readFileIfPresent(this.#world.disk, path)
    const index = bytes && OffsetIndex.decode(bytes, segment.baseOffset, segment.bytes)
    return index?.positionFor(firstDirtyOffset) ?? 0
  }

  /** False when the map is full. */
  #visit(b: Buffer, p: number): boolean {
    if (batch.magic(b, p) !== batch.CURRENT_MAGIC) return true
    const isObsolete = this.#transactions.isObsolete(b, p)
    const lastOffset = lastOffsetOf(b, p)
    if (lastOffset < this.#input.firstDirtyOffset) return true
    if (isObsolete || batch.isControl(b, p)) return true
    if (!this.#putKeys(b, p)) return false
    this.#map.latestOffset = lastOffset
    return true
  }

  #putKeys(b: Buffer, p: number): boolean {
    const section = borrowedSection(b, p)
    const baseOffset = batch.baseOffset(b, p)
    const count = batch.recordCount(b, p)
    const cursor = this.#cursor
    const map = this.#map
    cursor.open(section, 0, section.length)
    for (let index = 0; index < count; index += 1) {
      cursor.next()
      const offset = baseOffset + cursor.offsetDelta
      if (offset < this.#input.firstDirtyOffset || cursor.keyLength < 0) continue
      if (map.isFull) return false
      map.put(section, cursor.keyPosition, cursor.keyPosition + cursor.keyLength, offset)
      map.latestOffset = offset
    }
    return true
  }
}

function groupsOf(input: MapKeysInput, disk: Disk, endOffset: number): PlannedSegment[][] {
  const groups: PlannedSegment[][] = []
  let bytes = 0
  let indexBytes = 0
  for (const segment of input.segments) {
    if (segment.baseOffset >= endOffset) break
    const group = groups.at(-1)
    const ownIndexBytes = indexBytesOf(input.directory, segment, disk)
    const fits =
      group !== undefined &&
      bytes + segment.bytes <= input.segmentBytes &&
      indexBytes + ownIndexBytes <= input.segmentIndexBytes &&
      segment.endOffset - 1 - (group[0]?.baseOffset ?? 0) <= MAX_OFFSET_SPAN
    if (fits) group.push(segment)
    else groups.push([segment])
    bytes = (fits ? bytes : 0) + segment.bytes
    indexBytes = (fits ? indexBytes : 0) + ownIndexBytes
  }
  return groups
}

/** Of the larger index: those of finished segments have just the size of their entries. */
function indexBytesOf(directory: string, segment: PlannedSegment, disk: Disk): number {
  const { offset, time } = segmentFiles(directory, segment.baseOffset)
  return Math.max(disk.statSync(offset)?.size ?? 0, disk.statSync(time)?.size ?? 0)
}
