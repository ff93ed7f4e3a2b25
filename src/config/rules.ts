// What must hold between the settings of a broker.
import type { BrokerConfig } from './broker-config.ts'
import { require } from './config-error.ts'

/** Throws ConfigError with the rule that is broken. */
export function checkTogether(config: BrokerConfig): void {
  checkId(config)
  checkListeners(config)
  checkLog(config)
  checkReplication(config)
  checkCoordinators(config)
}

function checkId(config: BrokerConfig): void {
  const brokerId = config.get('broker.id')
  if (!config.get('broker.id.generation.enable')) {
    require(brokerId >= 0, 'broker.id must be greater than or equal to 0')
    return
  }
  require(brokerId >= -1 &&
    brokerId <=
      config.get(
        'reserved.broker.max.id',
      ), 'broker.id must be greater than or equal to -1 and not greater than reserved.broker.max.id')
}

function checkListeners(config: BrokerConfig): void {
  const names = config.listeners.map(({ name }) => name)
  const advertised = config.advertisedListeners.map(({ name }) => name)
  require(advertised.includes(
    config.interBrokerListenerName,
  ), `inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are ${advertised.join(',')}`)
  require(advertised.every((name) =>
    names.includes(name),
  ), `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${advertised.join(',')}. The valid options based on the current configuration are ${names.join(',')}`)
  const isMeta = config.advertisedListeners.some(({ host }) => host === '0.0.0.0')
  require(!(
    isMeta && config.get('advertised.listeners') !== null
  ), 'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.')
  require(!isMeta, 'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0, which it takes from listeners. Set advertised.listeners to a routable address.')
  const maxQueued = config.get('queued.max.request.bytes')
  require(maxQueued <= 0 ||
    maxQueued >=
      config.get(
        'socket.request.max.bytes',
      ), 'queued.max.request.bytes must be larger or equal to socket.request.max.bytes')
}

function checkLog(config: BrokerConfig): void {
  const rollMs = config.get('log.roll.ms')
  require(rollMs === null || rollMs >= 1, 'log.roll.ms must be equal or greater than 1')
  const jitterMs = config.get('log.roll.jitter.ms')
  require(jitterMs === null || jitterMs >= 0, 'log.roll.jitter.ms must be equal or greater than 0')
  for (const name of [
    'log.retention.ms',
    'log.retention.minutes',
    'log.retention.hours',
  ] as const) {
    const value = config.get(name)
    require(value === null ||
      value >= 1 ||
      value === -1, `${name} must be unlimited (-1) or, equal or greater than 1`)
  }
  require(config.logDirectories.length >
    0, 'At least one log directory must be defined via log.dirs or log.dir.')
  if (!config.get('log.cleaner.enable')) return
  const perThread = config.get('log.cleaner.dedupe.buffer.size') / config.get('log.cleaner.threads')
  require(perThread >
    1024 * 1024, 'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.')
}

function checkReplication(config: BrokerConfig): void {
  const waitMs = config.get('replica.fetch.wait.max.ms')
  require(waitMs <=
    config.get(
      'replica.socket.timeout.ms',
    ), 'replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary socket timeouts')
  require(waitMs <=
    config.get(
      'replica.lag.time.max.ms',
    ), 'replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent changes in ISR')
}

function checkCoordinators(config: BrokerConfig): void {
  const acks = config.get('offsets.commit.required.acks')
  require(acks >= -1 &&
    acks <=
      config.get(
        'offsets.topic.replication.factor',
      ), 'offsets.commit.required.acks must be greater or equal -1 and less or equal to offsets.topic.replication.factor')
  require(config.get('offsets.topic.compression.codec') in
    CODECS, 'Unknown compression codec for offsets.topic.compression.codec')
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
