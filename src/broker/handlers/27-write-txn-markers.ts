// WriteTxnMarkers: a transaction coordinator has decided; the marker goes into each partition, and
// the answer waits until it is replicated.
import type { ResponseInput } from '../../codec/api.ts'
import { OFFSETS_TOPIC } from '../../coordinator/group/group-coordinator.ts'
import type { ProduceTarget } from '../../replication/replicas-options.ts'
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import {
  WriteTxnMarkers,
  type WriteTxnMarkersRequest,
} from '../../wire/messages/27-write-txn-markers.ts'
import { controlBatch, ControlType } from '../../wire/records/control-batch.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

type Marker = WriteTxnMarkersRequest['markers'][number]
type MarkerAnswer = ResponseInput<typeof WriteTxnMarkers>['markers'][number]

const ALL_IN_SYNC = -1

export const writeTxnMarkersHandler = handler(WriteTxnMarkers, async (context, body, request) => {
  const allowed = context.authorizer.allows(
    request.connection,
    Operation.CLUSTER_ACTION,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  const refuse = (marker: Marker) => answerOf(marker, () => Errors.CLUSTER_AUTHORIZATION_FAILED)
  const markers = allowed
    ? await Promise.all(body.markers.map((marker) => write(context, marker)))
    : body.markers.map(refuse)
  reply(request, WriteTxnMarkers, { markers })
})

function write(context: HandlerContext, marker: Marker): Promise<MarkerAnswer> {
  const targets = targetsOf(context, marker)
  return new Promise((resolve) => {
    context.replicas.produce(
      {
        acks: ALL_IN_SYNC,
        timeoutMs: context.config.get('request.timeout.ms'),
        requestVersion: Infinity,
        origin: 'coordinator',
        internalTopicsAllowed: true,
        transactionalId: null,
      },
      targets,
      (results) => {
        targets.forEach(({ topic, partition }, index) => {
          if (topic !== OFFSETS_TOPIC || results[index]?.error !== Errors.NONE) return
          const { producerId, transactionResult } = marker
          context.groups.onTransactionCompleted(partition, producerId, transactionResult)
        })
        let next = 0
        resolve(answerOf(marker, () => results[next++]?.error ?? Errors.UNKNOWN_SERVER_ERROR))
      },
    )
  })
}

// Each partition gets bytes of its own: its log writes offset and leader epoch into them.
function targetsOf(context: HandlerContext, marker: Marker): ProduceTarget[] {
  const timestamp = context.clock.nowMs()
  const batch = (): Buffer =>
    controlBatch({
      type: marker.transactionResult ? ControlType.commit : ControlType.abort,
      producerId: marker.producerId,
      producerEpoch: marker.producerEpoch,
      coordinatorEpoch: marker.coordinatorEpoch,
      timestamp,
    })
  return marker.topics.flatMap(({ name, partitionIndexes }) =>
    partitionIndexes.map((partition) => ({ topic: name, partition, records: batch() })),
  )
}

function answerOf(marker: Marker, errorOf: () => number): MarkerAnswer {
  return {
    producerId: marker.producerId,
    topics: marker.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        errorCode: errorOf(),
      })),
    })),
  }
}
