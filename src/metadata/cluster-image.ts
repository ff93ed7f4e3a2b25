// The cluster as one broker knows it: brokers, topics, partitions. An image never changes; the next
// one shares with it whatever stayed the same, so that a reader can hold on to an image for as long
// as it likes and a comparison of two is cheap.
//   topicNames.get(topics.get(name).id) === name, for every topic with an id

/** Ids of security protocols as they travel in requests. */
export const SECURITY_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const
export type SecurityProtocol = (typeof SECURITY_PROTOCOLS)[number]

/** Where a broker answers on one of its listeners. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly securityProtocol: SecurityProtocol
}

export interface BrokerImage {
  readonly id: number
  readonly rack: string | null
  /** By listener name. */
  readonly endpoints: ReadonlyMap<string, Endpoint>
  /** The czxid of its registration; only the controller knows it. */
  readonly epoch?: number | undefined
}

/** No leader, in `PartitionState.leader`. */
export const NO_LEADER = -1
/** The leader of a partition whose topic is being deleted. */
export const LEADER_DURING_DELETE = -2

/** A partition as the last UpdateMetadata told it. */
export interface PartitionState {
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly replicas: readonly number[]
  /** The version of its state znode. */
  readonly partitionEpoch: number
  readonly controllerEpoch: number
  readonly offlineReplicas: readonly number[]
}

export interface TopicImage {
  readonly name: string
  /** Undefined below IBP 2.8. */
  readonly id: string | undefined
  readonly partitions: ReadonlyMap<number, PartitionState>
}

export interface ClusterImage {
  readonly clusterId: string
  /** -1: none known. */
  readonly controllerId: number
  readonly brokers: ReadonlyMap<number, BrokerImage>
  readonly topics: ReadonlyMap<string, TopicImage>
  /** Topic names by id. */
  readonly topicNames: ReadonlyMap<string, string>
}

/** Nothing known yet. */
export function emptyImage(clusterId: string): ClusterImage {
  return {
    clusterId,
    controllerId: -1,
    brokers: new Map(),
    topics: new Map(),
    topicNames: new Map(),
  }
}

/** The state of one partition, or undefined. */
export function partitionOf(
  image: ClusterImage,
  topic: string,
  partition: number,
): PartitionState | undefined {
  return image.topics.get(topic)?.partitions.get(partition)
}

/** The protocol of an id in a request; PLAINTEXT stands in for one that nobody defined. */
export function securityProtocolById(id: number): SecurityProtocol {
  return SECURITY_PROTOCOLS[id] ?? 'PLAINTEXT'
}

/** The id of a protocol in requests. */
export function securityProtocolId(protocol: SecurityProtocol): number {
  return SECURITY_PROTOCOLS.indexOf(protocol)
}

/** Whether `name` is one of the four. */
export function isSecurityProtocol(name: string): name is SecurityProtocol {
  return SECURITY_PROTOCOLS.some((protocol) => protocol === name)
}
