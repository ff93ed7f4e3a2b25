// Asks a leader where its log begins or ends, as a follower does that fell out of its range.
import { Errors, KafkaError } from '../wire/errors.ts'
import type { FollowedPartition } from './followed-partition.ts'
import type { LeaderEndpoint } from './leader-endpoint.ts'

/** The offset of a special `timestamp` (-1 end, -4 local start). Rejects with the leader's error. */
export async function findOffset(
  endpoint: LeaderEndpoint,
  brokerId: number,
  followed: FollowedPartition,
  timestamp: number,
): Promise<number> {
  const { topic, index } = followed.partition
  const partition = {
    partitionIndex: index,
    currentLeaderEpoch: followed.leaderEpoch,
    timestamp,
    maxNumOffsets: 1,
  }
  const response = await endpoint.listOffsets({
    replicaId: brokerId,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [partition] }],
  })
  const answer = response.topics[0]?.partitions[0]
  if (answer === undefined) throw new KafkaError(Errors.UNKNOWN_SERVER_ERROR)
  if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode)
  return answer.offset
}
