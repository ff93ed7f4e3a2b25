// What consumers tell each other inside JoinGroup and SyncGroup: the broker passes these bytes on
// and reads them only to answer which topics a group subscribes to.
import { message } from '../../codec/api.ts'
import {
  NEVER,
  array,
  bytes,
  int32,
  nullable,
  since,
  string,
  withDefault,
} from '../../codec/language.ts'

/** What a member wants, in the metadata that it joins with. */
export const ConsumerProtocolSubscription = message({
  name: 'ConsumerProtocolSubscription',
  versions: [0, 3],
  flexible: NEVER,
  fields: {
    topics: array(string),
    userData: nullable(bytes),
    ownedPartitions: since(
      1,
      array({
        topic: string,
        partitions: array(int32),
      }),
    ),
    generationId: since(2, withDefault(int32, -1)),
    rackId: since(3, nullable(string)),
  },
})

/** What the leader gives a member. */
export const ConsumerProtocolAssignment = message({
  name: 'ConsumerProtocolAssignment',
  versions: [0, 3],
  flexible: NEVER,
  fields: {
    assignedPartitions: array({
      topic: string,
      partitions: array(int32),
    }),
    userData: nullable(bytes),
  },
})
