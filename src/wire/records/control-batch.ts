// Control batches: the markers that end a transaction in a partition (KIP-98).
//   key   { version int16 = 0, type int16 }
//   value { version int16 = 0, coordinatorEpoch int32 }
import { isControl } from './batch.ts'
import { buildBatch } from './build-batch.ts'
import { readRecords } from './read-records.ts'

export const ControlType = { abort: 0, commit: 1 } as const
export type ControlType = (typeof ControlType)[keyof typeof ControlType]

export interface ControlInput {
  readonly type: ControlType
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly timestamp: number
  readonly baseOffset?: number | undefined
  readonly leaderEpoch?: number | undefined
}

/** A batch of one transaction marker. */
export function controlBatch(input: ControlInput): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(input.type, 2)
  const value = Buffer.alloc(6)
  value.writeInt32BE(input.coordinatorEpoch, 2)
  return buildBatch({
    records: [{ key, value, timestamp: input.timestamp }],
    baseOffset: input.baseOffset,
    leaderEpoch: input.leaderEpoch,
    producerId: input.producerId,
    producerEpoch: input.producerEpoch,
    transactional: true,
    control: true,
  })
}

export interface ControlRecord {
  /** A `ControlType`, or a number that only other kinds of logs contain. */
  readonly type: number
  readonly coordinatorEpoch: number
}

/** The marker in the batch at `position`; undefined for data, or for a record without a type. */
export function readControl(buffer: Buffer, position = 0): ControlRecord | undefined {
  if (!isControl(buffer, position)) return undefined
  const [record] = readRecords(buffer, position)
  const key = record?.key
  if (key === undefined || key === null || key.length < 4) return undefined
  const value = record?.value ?? null
  const coordinatorEpoch = value !== null && value.length >= 6 ? value.readInt32BE(2) : -1
  return { type: key.readInt16BE(2), coordinatorEpoch }
}
