// Every handler, by API key: what this broker serves.
import type { Handler } from '../handler.ts'
import { produceHandler } from './00-produce.ts'
import { fetchHandler } from './01-fetch.ts'
import { listOffsetsHandler } from './02-list-offsets.ts'
import { metadataHandler } from './03-metadata.ts'
import { leaderAndIsrHandler } from './04-leader-and-isr.ts'
import { stopReplicaHandler } from './05-stop-replica.ts'
import { updateMetadataHandler } from './06-update-metadata.ts'
import { controlledShutdownHandler } from './07-controlled-shutdown.ts'
import { offsetCommitHandler } from './08-offset-commit.ts'
import { offsetFetchHandler } from './09-offset-fetch.ts'
import { findCoordinatorHandler } from './10-find-coordinator.ts'
import { joinGroupHandler } from './11-join-group.ts'
import { heartbeatHandler } from './12-heartbeat.ts'
import { leaveGroupHandler } from './13-leave-group.ts'
import { syncGroupHandler } from './14-sync-group.ts'
import { describeGroupsHandler } from './15-describe-groups.ts'
import { listGroupsHandler } from './16-list-groups.ts'
import { saslHandshakeHandler } from './17-sasl-handshake.ts'
import { apiVersionsHandler } from './18-api-versions.ts'
import { createTopicsHandler } from './19-create-topics.ts'
import { deleteTopicsHandler } from './20-delete-topics.ts'
import { deleteRecordsHandler } from './21-delete-records.ts'
import { initProducerIdHandler } from './22-init-producer-id.ts'
import { offsetForLeaderEpochHandler } from './23-offset-for-leader-epoch.ts'
import { writeTxnMarkersHandler } from './27-write-txn-markers.ts'
import { txnOffsetCommitHandler } from './28-txn-offset-commit.ts'
import { describeConfigsHandler } from './32-describe-configs.ts'
import { alterConfigsHandler } from './33-alter-configs.ts'
import { alterReplicaLogDirsHandler } from './34-alter-replica-log-dirs.ts'
import { describeLogDirsHandler } from './35-describe-log-dirs.ts'
import { saslAuthenticateHandler } from './36-sasl-authenticate.ts'
import { createPartitionsHandler } from './37-create-partitions.ts'
import { deleteGroupsHandler } from './42-delete-groups.ts'
import { electLeadersHandler } from './43-elect-leaders.ts'
import { incrementalAlterConfigsHandler } from './44-incremental-alter-configs.ts'
import { alterPartitionReassignmentsHandler } from './45-alter-partition-reassignments.ts'
import { listPartitionReassignmentsHandler } from './46-list-partition-reassignments.ts'
import { offsetDeleteHandler } from './47-offset-delete.ts'
import { alterPartitionHandler } from './56-alter-partition.ts'
import { describeClusterHandler } from './60-describe-cluster.ts'
import { describeProducersHandler } from './61-describe-producers.ts'
import { allocateProducerIdsHandler } from './67-allocate-producer-ids.ts'

const handlers: readonly Handler[] = [
  produceHandler,
  fetchHandler,
  listOffsetsHandler,
  metadataHandler,
  leaderAndIsrHandler,
  stopReplicaHandler,
  updateMetadataHandler,
  controlledShutdownHandler,
  offsetCommitHandler,
  offsetFetchHandler,
  findCoordinatorHandler,
  joinGroupHandler,
  heartbeatHandler,
  leaveGroupHandler,
  syncGroupHandler,
  describeGroupsHandler,
  listGroupsHandler,
  saslHandshakeHandler,
  apiVersionsHandler,
  createTopicsHandler,
  deleteTopicsHandler,
  deleteRecordsHandler,
  initProducerIdHandler,
  offsetForLeaderEpochHandler,
  writeTxnMarkersHandler,
  txnOffsetCommitHandler,
  describeConfigsHandler,
  alterConfigsHandler,
  alterReplicaLogDirsHandler,
  describeLogDirsHandler,
  saslAuthenticateHandler,
  createPartitionsHandler,
  deleteGroupsHandler,
  electLeadersHandler,
  incrementalAlterConfigsHandler,
  alterPartitionReassignmentsHandler,
  listPartitionReassignmentsHandler,
  offsetDeleteHandler,
  alterPartitionHandler,
  describeClusterHandler,
  describeProducersHandler,
  allocateProducerIdsHandler,
]

export const handlersByKey: ReadonlyMap<number, Handler> = new Map(
  handlers.map((handler) => [handler.key, handler]),
)
