// Where Kafka keeps what in ZooKeeper, below the chroot.

export const CONTROLLER = '/controller'
export const CONTROLLER_EPOCH = '/controller_epoch'
export const BROKER_IDS = '/brokers/ids'
export const BROKER_SEQUENCE = '/brokers/seqid'
export const TOPICS = '/brokers/topics'
export const CLUSTER_ID = '/cluster/id'
export const CONFIG = '/config'
export const CONFIG_CHANGES = '/config/changes'
export const DELETE_TOPICS = '/admin/delete_topics'
export const REASSIGN_PARTITIONS = '/admin/reassign_partitions'
export const PREFERRED_ELECTION = '/admin/preferred_replica_election'
export const ISR_CHANGES = '/isr_change_notification'
export const LOG_DIR_EVENTS = '/log_dir_event_notification'
export const PRODUCER_ID_BLOCK = '/latest_producer_id_block'
export const FEATURE = '/feature'
export const CONSUMERS = '/consumers'

/** Made by every broker when it starts, parents first. */
export const PERSISTENT_PATHS: readonly string[] = [
  CONSUMERS,
  BROKER_IDS,
  TOPICS,
  CONFIG_CHANGES,
  DELETE_TOPICS,
  BROKER_SEQUENCE,
  ISR_CHANGES,
  PRODUCER_ID_BLOCK,
  LOG_DIR_EVENTS,
  `${CONFIG}/topics`,
  `${CONFIG}/clients`,
  `${CONFIG}/users`,
  `${CONFIG}/brokers`,
  `${CONFIG}/ips`,
]

export function brokerPath(id: number): string {
  return `${BROKER_IDS}/${id}`
}

export function topicPath(topic: string): string {
  return `${TOPICS}/${topic}`
}

export function partitionsPath(topic: string): string {
  return `${TOPICS}/${topic}/partitions`
}

export function partitionPath(topic: string, partition: number): string {
  return `${TOPICS}/${topic}/partitions/${partition}`
}

export function statePath(topic: string, partition: number): string {
  return `${TOPICS}/${topic}/partitions/${partition}/state`
}

export function topicConfigPath(topic: string): string {
  return `${CONFIG}/topics/${topic}`
}

/** `entity` is below /config, such as `topics/foo`. */
export function entityConfigPath(entity: string): string {
  return `${CONFIG}/${entity}`
}

export function deleteTopicPath(topic: string): string {
  return `${DELETE_TOPICS}/${topic}`
}
