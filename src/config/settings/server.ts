// The identity of a broker, its clients' requests and what it does in the background.
import { kafkaVersion } from '../checks.ts'
import { LONG_MAX, boolean, classOf, int, long, string } from '../setting.ts'

export const serverSettings = {
  'broker.id': int({
    default: -1,
    importance: 'high',
    doc: 'Number of this broker in its cluster; -1 takes a free one above reserved.broker.max.id.',
  }),
  'broker.id.generation.enable': boolean({
    default: true,
    doc: 'Whether a broker without an id takes one from ZooKeeper.',
  }),
  'reserved.broker.max.id': int({
    default: 1000,
    min: 0,
    doc: 'Largest id that an administrator may choose; generated ones begin above it.',
  }),
  'node.id': int({
    default: -1,
    importance: 'high',
    doc: 'The same as broker.id, under the name that KRaft uses.',
  }),
  'broker.rack': string({
    default: null,
    doc: 'Where this broker stands; replicas of a partition are spread over racks.',
  }),
  'auto.create.topics.enable': boolean({
    default: true,
    importance: 'high',
    doc: 'Whether asking for the metadata of an unknown topic creates it.',
  }),
  'delete.topic.enable': boolean({
    default: true,
    importance: 'high',
    doc: 'Whether topics can be deleted.',
  }),
  'num.partitions': int({
    default: 1,
    min: 1,
    doc: 'Partitions of a topic that is created without saying how many.',
  }),
  'default.replication.factor': int({
    default: 1,
    doc: 'Replicas of a partition that is created without saying how many.',
  }),
  'message.max.bytes': int({
    default: 1_048_588,
    min: 0,
    importance: 'high',
    update: 'cluster-wide',
    doc: 'Largest batch of records, as stored, that a topic accepts unless it says otherwise.',
  }),
  'fetch.max.bytes': int({
    default: 57_671_680,
    min: 1024,
    doc: 'Largest answer to one fetch; a single batch above it is still sent.',
  }),
  'max.incremental.fetch.session.cache.slots': int({
    default: 1000,
    min: 0,
    doc: 'How many incremental fetch sessions are remembered at a time.',
  }),
  'max.request.partition.size.limit': int({
    default: 2000,
    min: 1,
    doc: 'Partitions that one request to describe topics may list.',
  }),
  'request.timeout.ms': int({
    default: 30_000,
    importance: 'high',
    doc: 'How long this broker waits for the answer to a request of its own.',
  }),
  'background.threads': int({
    default: 10,
    min: 1,
    importance: 'high',
    update: 'cluster-wide',
    doc: 'Threads for background work; one event loop does it here, so it has no effect.',
  }),
  'num.io.threads': int({
    default: 8,
    min: 1,
    importance: 'high',
    update: 'cluster-wide',
    doc: 'Threads that handle requests; one event loop does it here, so it has no effect.',
  }),
  'num.network.threads': int({
    default: 3,
    min: 1,
    importance: 'high',
    update: 'cluster-wide',
    doc: 'Threads that read and write sockets; one event loop does it here, so it has no effect.',
  }),
  'num.recovery.threads.per.data.dir': int({
    default: 1,
    min: 1,
    importance: 'high',
    update: 'cluster-wide',
    doc: 'How many logs of one directory are loaded and flushed at a time.',
  }),
  'controlled.shutdown.enable': boolean({
    default: true,
    doc: 'Whether a closing broker hands its leaderships over first.',
  }),
  'controlled.shutdown.max.retries': int({
    default: 3,
    doc: 'How often the hand-over is tried again before closing anyway.',
  }),
  'controlled.shutdown.retry.backoff.ms': long({
    default: 5000,
    doc: 'Pause before the hand-over is tried again.',
  }),
  'auto.leader.rebalance.enable': boolean({
    default: true,
    importance: 'high',
    doc: 'Whether the controller moves leadership back to preferred replicas by itself.',
  }),
  'leader.imbalance.check.interval.seconds': long({
    default: 300,
    min: 1,
    importance: 'high',
    doc: 'How often the controller looks for leaders that are not preferred.',
  }),
  'leader.imbalance.per.broker.percentage': int({
    default: 10,
    importance: 'high',
    doc: 'Share of non-preferred leaders of a broker that makes the controller move them.',
  }),
  'unclean.leader.election.enable': boolean({
    default: false,
    importance: 'high',
    update: 'cluster-wide',
    doc: 'Whether a replica that is not in sync may lead when no other is left, losing records.',
  }),
  'unclean.leader.election.interval.ms': long({
    default: 300_000,
    min: 1,
    internal: true,
    doc: 'How often an unclean election is looked for; KRaft only, no effect here.',
  }),
  'controller.socket.timeout.ms': int({
    default: 30_000,
    doc: "How long the controller waits for a broker's answer.",
  }),
  'create.topic.policy.class.name': classOf({
    default: null,
    importance: 'low',
    doc: 'Class that may refuse new topics; a Java class cannot be loaded here.',
  }),
  'alter.config.policy.class.name': classOf({
    default: null,
    importance: 'low',
    doc: 'Class that may refuse changed settings; a Java class cannot be loaded here.',
  }),
  'alter.config.policy.kraft.compatibility.enable': boolean({
    default: false,
    importance: 'low',
    internal: true,
    doc: 'Whether that policy also sees removals; no effect without one.',
  }),
  'inter.broker.protocol.version': string({
    default: '3.9-IV0',
    check: kafkaVersion,
    doc: 'Version of requests between brokers; an older one keeps older brokers in the cluster.',
  }),
  'telemetry.max.bytes': int({
    default: 1_048_576,
    min: 1,
    importance: 'low',
    doc: 'Largest report of metrics that a client may push.',
  }),
  'server.max.startup.time.ms': long({
    default: LONG_MAX,
    min: 0,
    internal: true,
    doc: 'Longest time a start may take; KRaft only, no effect here.',
  }),
  'unstable.api.versions.enable': boolean({
    default: false,
    importance: 'high',
    internal: true,
    doc: 'Whether versions of requests that are still being designed are offered.',
  }),
  'unstable.feature.versions.enable': boolean({
    default: false,
    importance: 'high',
    internal: true,
    doc: 'Whether features that are still being designed are offered.',
  }),
  'eligible.leader.replicas.enable': boolean({
    default: false,
    importance: 'high',
    doc: 'Whether replicas that left the in-sync set safely may lead; KRaft only.',
  }),
  'delete.records.purgatory.purge.interval.requests': int({
    default: 1,
    doc: 'Waiting deletions between clean-ups in Kafka; waits are removed at once here.',
  }),
  'fetch.purgatory.purge.interval.requests': int({
    default: 1000,
    doc: 'Waiting fetches between clean-ups in Kafka; waits are removed at once here.',
  }),
  'producer.purgatory.purge.interval.requests': int({
    default: 1000,
    doc: 'Waiting produce requests between clean-ups in Kafka; waits are removed at once here.',
  }),
}
