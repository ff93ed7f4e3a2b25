// Hands out blocks of producer ids, each once, by compare-and-set on one znode.
import { PRODUCER_ID_BLOCK } from '../metadata/znode-paths.ts'
import { decodeProducerIdBlock, encodeProducerIdBlock } from '../metadata/znodes.ts'
import { Errors } from '../wire/errors.ts'
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
} from '../wire/messages/67-allocate-producer-ids.ts'
import { ZooKeeperCode } from '../zookeeper/errors.ts'
import { logRefusal } from './refusals.ts'
import type { Term } from './term.ts'

const BLOCK_SIZE = 1000
const MAX_ROUNDS = 10

/** A response that allocates nothing. */
export function refusedProducerIds(errorCode: number): AllocateProducerIdsResponse {
  return { throttleTimeMs: 0, errorCode, producerIdStart: 0, producerIdLen: 0 }
}

export async function allocateProducerIds(
  term: Term,
  request: AllocateProducerIdsRequest,
): Promise<AllocateProducerIdsResponse> {
  const broker = term.context.brokers.get(request.brokerId)
  if (broker?.epoch !== request.brokerEpoch) {
    logRefusal(term, 'AllocateProducerIds', request, broker?.epoch)
    const isKnown = broker !== undefined
    return refusedProducerIds(isKnown ? Errors.STALE_BROKER_EPOCH : Errors.BROKER_ID_NOT_REGISTERED)
  }
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const read = await term.store.read(PRODUCER_ID_BLOCK)
    if (read === undefined) break
    const last = decodeProducerIdBlock(read.data)
    const start = last === undefined ? 0 : last.end + 1
    const end = start + BLOCK_SIZE - 1
    if (!Number.isSafeInteger(end)) break
    const data = encodeProducerIdBlock({ brokerId: request.brokerId, start, end })
    const result = await term.store.set(PRODUCER_ID_BLOCK, data, read.stat.version)
    if (result.ok) {
      return {
        throttleTimeMs: 0,
        errorCode: Errors.NONE,
        producerIdStart: start,
        producerIdLen: BLOCK_SIZE,
      }
    }
    // A lost answer may have left a block that nobody uses: ids are plenty.
    if (result.code !== ZooKeeperCode.BADVERSION) break
  }
  return refusedProducerIds(Errors.UNKNOWN_SERVER_ERROR)
}
