// Control records end a transaction inside a data partition. Their key tells which kind it is; a
// batch of them has exactly one.
import { message } from '../../codec/api.ts'
import { NEVER, int16, int32 } from '../../codec/language.ts'

/** `type` of a control record's key. */
export const ControlRecordType = { abort: 0, commit: 1, leaderChange: 2 } as const

/** Key of a control record. */
export const ControlRecordKey = message({
  name: 'ControlRecordKey',
  versions: [0, 0],
  flexible: NEVER,
  fields: { type: int16 },
})

/** Value of a record that commits or aborts. */
export const EndTxnMarker = message({
  name: 'EndTxnMarker',
  versions: [0, 0],
  flexible: NEVER,
  fields: { coordinatorEpoch: int32 },
})
