// What Kafka's znodes hold. Encoded as Kafka 3.9 writes them, to the order of the keys; decoded in
// every version that it reads. A decoder answers undefined for what is not of its form.
import { isSecurityProtocol } from './cluster-image.ts'
import type { Endpoint } from './cluster-image.ts'
import type { Settings } from './entity-configs.ts'
import {
  arrayOf,
  encodeJson,
  numberOf,
  numbersOf,
  objectOf,
  parseObject,
  stringOf,
} from './znode-json.ts'

/** A broker's registration in /brokers/ids. */
export interface BrokerNode {
  readonly endpoints: ReadonlyMap<string, Endpoint>
  readonly rack: string | null
  readonly jmxPort: number
  readonly timestampMs: number
  /** Feature name to lowest and highest version; a 3.9 broker has none. */
  readonly features: ReadonlyMap<string, { minVersion: number; maxVersion: number }>
}

export function encodeBroker(node: BrokerNode): Buffer {
  const plaintext = [...node.endpoints.values()].find((it) => it.securityProtocol === 'PLAINTEXT')
  const protocols = [...node.endpoints].map(([name, { securityProtocol }]) => [
    name,
    securityProtocol,
  ])
  const features = [...node.features].map(([name, { minVersion, maxVersion }]) => [
    name,
    { min_version: minVersion, max_version: maxVersion },
  ])
  return encodeJson({
    features: Object.fromEntries(features),
    listener_security_protocol_map: Object.fromEntries(protocols),
    endpoints: [...node.endpoints].map(([name, it]) => endpointText(name, it)),
    ...(node.rack === null ? {} : { rack: node.rack }),
    jmx_port: node.jmxPort,
    port: plaintext?.port ?? -1,
    host: plaintext?.host ?? null,
    version: 5,
    timestamp: String(node.timestampMs),
  })
}

/** `NAME://host:port`, an IPv6 host in brackets. */
export function endpointText(listener: string, endpoint: Endpoint): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  return `${listener}://${host}:${endpoint.port}`
}

export function decodeBroker(data: Buffer | null): BrokerNode | undefined {
  const node = parseObject(data)
  const version = numberOf(node?.get('version'))
  if (node === undefined || version === undefined || version < 1) return undefined
  const features = new Map<string, { minVersion: number; maxVersion: number }>()
  for (const [name, range] of objectOf(node.get('features')) ?? []) {
    const bounds = objectOf(range)
    features.set(name, {
      minVersion: numberOf(bounds?.get('min_version')) ?? 1,
      maxVersion: numberOf(bounds?.get('max_version')) ?? 1,
    })
  }
  return {
    endpoints: decodeEndpoints(node, version),
    rack: stringOf(node.get('rack')) ?? null,
    jmxPort: numberOf(node.get('jmx_port')) ?? -1,
    timestampMs: numberOf(node.get('timestamp')) ?? -1,
    features,
  }
}

function decodeEndpoints(
  node: ReadonlyMap<string, unknown>,
  version: number,
): ReadonlyMap<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>()
  if (version === 1) {
    const host = stringOf(node.get('host')) ?? ''
    const port = numberOf(node.get('port')) ?? -1
    return endpoints.set('PLAINTEXT', { host, port, securityProtocol: 'PLAINTEXT' })
  }
  const protocols = objectOf(node.get('listener_security_protocol_map'))
  for (const text of arrayOf(node.get('endpoints'))) {
    const [, name = '', bracketed, plain, port] =
      /^(.*?):\/\/(?:\[([^\]]*)\]|([^\]]*?)):(-?\d+)$/.exec(stringOf(text) ?? '') ?? []
    if (name === '') continue
    const protocol = stringOf(protocols?.get(name)) ?? name
    endpoints.set(name, {
      host: bracketed ?? plain ?? '',
      port: Number(port),
      securityProtocol: isSecurityProtocol(protocol) ? protocol : 'PLAINTEXT',
    })
  }
  return endpoints
}

/** Who is to hold a partition. Removing and adding replicas are in `replicas` too. */
export interface Assignment {
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

/** /brokers/topics/<topic>. */
export interface TopicNode {
  readonly id: string | undefined
  readonly partitions: ReadonlyMap<number, Assignment>
}

export function encodeTopic(node: TopicNode): Buffer {
  const partitions = [...node.partitions]
  const adding = partitions.filter(([, it]) => it.adding.length > 0)
  const removing = partitions.filter(([, it]) => it.removing.length > 0)
  return encodeJson({
    partitions: Object.fromEntries(partitions.map(([index, it]) => [index, it.replicas])),
    ...(node.id === undefined ? {} : { topic_id: node.id }),
    adding_replicas: Object.fromEntries(adding.map(([index, it]) => [index, it.adding])),
    removing_replicas: Object.fromEntries(removing.map(([index, it]) => [index, it.removing])),
    version: 3,
  })
}

export function decodeTopic(data: Buffer | null): TopicNode | undefined {
  const node = parseObject(data)
  const replicas = objectOf(node?.get('partitions'))
  if (node === undefined || replicas === undefined) return undefined
  const adding = objectOf(node.get('adding_replicas'))
  const removing = objectOf(node.get('removing_replicas'))
  const partitions = new Map<number, Assignment>()
  for (const [index, brokers] of replicas) {
    partitions.set(Number(index), {
      replicas: numbersOf(brokers),
      adding: numbersOf(adding?.get(index)),
      removing: numbersOf(removing?.get(index)),
    })
  }
  return { id: stringOf(node.get('topic_id')), partitions }
}

/** …/partitions/<p>/state; the version of the znode is the partition epoch. */
export interface StateNode {
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly controllerEpoch: number
  /** 1 after an unclean election, until the in-sync set has grown. */
  readonly leaderRecoveryState: number
}

export function encodeState(node: StateNode): Buffer {
  return encodeJson({
    controller_epoch: node.controllerEpoch,
    leader: node.leader,
    version: 1,
    ...(node.leaderRecoveryState === 0 ? {} : { leader_recovery_state: node.leaderRecoveryState }),
    leader_epoch: node.leaderEpoch,
    isr: node.isr,
  })
}

export function decodeState(data: Buffer | null): StateNode | undefined {
  const node = parseObject(data)
  const leader = numberOf(node?.get('leader'))
  const leaderEpoch = numberOf(node?.get('leader_epoch'))
  if (node === undefined || leader === undefined || leaderEpoch === undefined) return undefined
  return {
    leader,
    leaderEpoch,
    isr: numbersOf(node.get('isr')),
    controllerEpoch: numberOf(node.get('controller_epoch')) ?? 0,
    leaderRecoveryState: numberOf(node.get('leader_recovery_state')) ?? 0,
  }
}

export function encodeController(brokerId: number, timestampMs: number): Buffer {
  return encodeJson({
    version: 2,
    brokerid: brokerId,
    timestamp: String(timestampMs),
    kraftControllerEpoch: -1,
  })
}

/** The broker that is controller, -1 when the text cannot be read. */
export function decodeController(data: Buffer | null): number {
  return numberOf(parseObject(data)?.get('brokerid')) ?? -1
}

/** 0 for an empty node. */
export function decodeControllerEpoch(data: Buffer | null): number {
  return numberOf(data?.toString('utf8')) ?? 0
}

export function encodeClusterId(id: string): Buffer {
  return encodeJson({ version: '1', id })
}

export function decodeClusterId(data: Buffer | null): string | undefined {
  return stringOf(parseObject(data)?.get('id'))
}

/** /feature with every feature that 3.9 in ZooKeeper mode knows, which is none. */
export function encodeFeatures(): Buffer {
  return encodeJson({ features: {}, version: 2, status: 1 })
}

/** Names and levels of the finalized features. */
export function decodeFeatures(data: Buffer | null): ReadonlyMap<string, number> {
  const features = new Map<string, number>()
  for (const [name, range] of objectOf(parseObject(data)?.get('features')) ?? []) {
    features.set(name, numberOf(objectOf(range)?.get('max_version_level')) ?? 0)
  }
  return features
}

export function encodeConfig(settings: Settings): Buffer {
  return encodeJson({ version: 1, config: Object.fromEntries(settings) })
}

/** Empty for a node without settings. */
export function decodeConfig(data: Buffer | null): Settings {
  const settings = new Map<string, string>()
  for (const [name, value] of objectOf(parseObject(data)?.get('config')) ?? []) {
    settings.set(name, stringOf(value) ?? String(value))
  }
  return settings
}

export function encodeConfigChange(entityPath: string): Buffer {
  return encodeJson({ version: 2, entity_path: entityPath })
}

/** The entity below /config whose settings have changed. */
export function decodeConfigChange(data: Buffer | null): string | undefined {
  const node = parseObject(data)
  const path = stringOf(node?.get('entity_path'))
  if (path !== undefined) return path
  const type = stringOf(node?.get('entity_type'))
  const name = stringOf(node?.get('entity_name'))
  return type === undefined || name === undefined ? undefined : `${type}/${name}`
}

/** Producer ids from `start` to `end`, both inclusive. */
export interface ProducerIdBlock {
  readonly brokerId: number
  readonly start: number
  readonly end: number
}

export function encodeProducerIdBlock(block: ProducerIdBlock): Buffer {
  return encodeJson({
    version: 1,
    broker: block.brokerId,
    block_start: String(block.start),
    block_end: String(block.end),
  })
}

export function decodeProducerIdBlock(data: Buffer | null): ProducerIdBlock | undefined {
  const node = parseObject(data)
  const brokerId = numberOf(node?.get('broker'))
  const start = numberOf(node?.get('block_start'))
  const end = numberOf(node?.get('block_end'))
  if (brokerId === undefined || start === undefined || end === undefined) return undefined
  return { brokerId, start, end }
}

export interface NamedPartition {
  readonly topic: string
  readonly partition: number
}

/** /admin/reassign_partitions: what an old tool wants moved where. */
export type Reassignment = NamedPartition & { readonly replicas: readonly number[] }

export function encodeReassignments(reassignments: readonly Reassignment[]): Buffer {
  const partitions = reassignments.map(({ topic, partition, replicas }) => ({
    topic,
    partition,
    replicas,
  }))
  return encodeJson({ version: 1, partitions })
}

export function decodeReassignments(data: Buffer | null): Reassignment[] {
  return partitionEntries(data).map(([named, entry]) => ({
    ...named,
    replicas: numbersOf(entry.get('replicas')),
  }))
}

/** /admin/preferred_replica_election and the nodes below /isr_change_notification. */
export function encodePartitionList(partitions: readonly NamedPartition[]): Buffer {
  const entries = partitions.map(({ topic, partition }) => ({ topic, partition }))
  return encodeJson({ version: 1, partitions: entries })
}

export function decodePartitionList(data: Buffer | null): NamedPartition[] {
  return partitionEntries(data).map(([named]) => named)
}

function partitionEntries(data: Buffer | null): [NamedPartition, ReadonlyMap<string, unknown>][] {
  const entries: [NamedPartition, ReadonlyMap<string, unknown>][] = []
  for (const element of arrayOf(parseObject(data)?.get('partitions'))) {
    const entry = objectOf(element)
    const topic = stringOf(entry?.get('topic'))
    const partition = numberOf(entry?.get('partition'))
    if (entry === undefined || topic === undefined || partition === undefined) continue
    entries.push([{ topic, partition }, entry])
  }
  return entries
}

const LOG_DIR_FAILURE = 1

export function encodeLogDirEvent(brokerId: number): Buffer {
  return encodeJson({ version: 1, broker: brokerId, event: LOG_DIR_FAILURE })
}

/** The broker that lost a log directory. */
export function decodeLogDirEvent(data: Buffer | null): number | undefined {
  return numberOf(parseObject(data)?.get('broker'))
}
