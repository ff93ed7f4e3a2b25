// One sentence about each metric, by its published name.

const HELP: ReadonlyMap<string, string> = new Map([
  ['kafka_server_brokertopicmetrics_messagesin_total', 'Records that producers have appended.'],
  ['kafka_server_brokertopicmetrics_bytesin_total', 'Bytes that producers have appended.'],
  ['kafka_server_brokertopicmetrics_bytesout_total', 'Bytes that consumers have fetched.'],
  ['kafka_server_brokertopicmetrics_bytesrejected_total', 'Bytes refused as too large.'],
  ['kafka_server_brokertopicmetrics_replicationbytesin_total', 'Bytes fetched from other brokers.'],
  [
    'kafka_server_brokertopicmetrics_replicationbytesout_total',
    'Bytes that other brokers have fetched.',
  ],
  ['kafka_server_brokertopicmetrics_totalproducerequests_total', 'Produce requests by partition.'],
  ['kafka_server_brokertopicmetrics_totalfetchrequests_total', 'Fetch requests by partition.'],
  ['kafka_server_brokertopicmetrics_failedproducerequests_total', 'Produce requests refused.'],
  ['kafka_server_brokertopicmetrics_failedfetchrequests_total', 'Fetch requests refused.'],
  ['kafka_server_replicamanager_leadercount', 'Partitions that this broker leads.'],
  ['kafka_server_replicamanager_partitioncount', 'Partitions that this broker holds.'],
  [
    'kafka_server_replicamanager_underreplicatedpartitions',
    'Led partitions with a replica out of sync.',
  ],
  [
    'kafka_server_replicamanager_underminisrpartitioncount',
    'Led partitions with fewer replicas in sync than min.insync.replicas.',
  ],
  [
    'kafka_server_replicamanager_atminisrpartitioncount',
    'Led partitions with just min.insync.replicas in sync.',
  ],
  ['kafka_server_replicamanager_offlinereplicacount', 'Replicas in a failed log directory.'],
  ['kafka_server_replicamanager_isrshrinks_total', 'Times that a replica fell out of sync.'],
  ['kafka_server_replicamanager_isrexpands_total', 'Times that a replica came back in sync.'],
  [
    'kafka_server_replicamanager_failedisrupdates_total',
    'Changes of in-sync replicas that were refused.',
  ],
  ['kafka_server_kafkaserver_brokerstate', '0 not running, 1 starting, 2 recovery, 3 running.'],
  ['kafka_network_requestmetrics_requests_total', 'Requests by API and version.'],
  ['kafka_network_requestmetrics_totaltimems', 'Milliseconds from request to answer.'],
  ['kafka_network_requestmetrics_requestbytes', 'Bytes of a request.'],
  ['kafka_controller_kafkacontroller_activecontrollercount', '1 on the controller, else 0.'],
  [
    'kafka_controller_kafkacontroller_offlinepartitionscount',
    'Partitions without a leader, as the controller knows.',
  ],
  ['kafka_log_log_size', 'Bytes of a partition on disk.'],
  ['kafka_log_log_numlogsegments', 'Segments of a partition.'],
  ['kafka_log_log_logendoffset', 'The offset that the next record of a partition gets.'],
  ['kafka_log_log_logstartoffset', 'The first offset that a partition still has.'],
  ['kafka_log_logmanager_offlinelogdirectorycount', 'Log directories that have failed.'],
  ['kafka_log_logmanager_remaininglogstorecover', 'Logs still to load, during a start.'],
  ['kafka_log_logmanager_logdirectoryoffline', '1 when the log directory has failed, else 0.'],
  ['kafka_coordinator_group_groupmetadatamanager_numgroups', 'Consumer groups kept here.'],
  ['kafka_coordinator_group_groupmetadatamanager_numoffsets', 'Committed offsets kept here.'],
  [
    'kafka_server_group_coordinator_metrics_offset_commit_count',
    'Offsets that groups have committed.',
  ],
  [
    'kafka_server_group_coordinator_metrics_group_completed_rebalance_count',
    'Rebalances that have ended.',
  ],
  [
    'kafka_server_group_coordinator_metrics_partition_load_time_max',
    'Longest time in milliseconds that loading a partition of offsets took.',
  ],
  [
    'kafka_server_delayedoperationpurgatory_numdelayedoperations',
    'Requests that wait for data, replicas or their timeout.',
  ],
  [
    'kafka_server_fetchsessioncache_numincrementalfetchsessions',
    'Incremental fetch sessions that are remembered.',
  ],
  [
    'kafka_server_fetchsessioncache_numincrementalfetchpartitionscached',
    'Partitions in those sessions.',
  ],
  [
    'kafka_server_replicafetchermanager_failedpartitionscount',
    'Partitions that this broker has given up fetching.',
  ],
  [
    'kafka_server_replicafetchermanager_maxlag',
    'Offsets that the partition furthest behind its leader is behind.',
  ],
  ['kafka_server_socket_server_metrics_connection_count', 'Open connections of a listener.'],
  ['kafka_server_socket_server_metrics_incoming_byte_total', 'Bytes received.'],
  ['kafka_server_socket_server_metrics_outgoing_byte_total', 'Bytes sent.'],
  ['kafka_server_socket_server_metrics_request_total', 'Requests received.'],
  ['kafka_server_socket_server_metrics_response_total', 'Answers sent.'],
  ['ottla_network_refusals_total', 'Connections that were given up, by reason.'],
  ['ottla_network_queued_request_bytes', 'Bytes of requests that are being worked on.'],
  ['ottla_event_loop_delay_ms', 'How much later than asked the event loop came to a timer.'],
])

export function helpOf(name: string): string | undefined {
  return HELP.get(name)
}

/** The names that are explained. */
export function explainedMetrics(): Iterable<string> {
  return HELP.keys()
}
