// What must hold between the settings of a broker.
import type { BrokerConfig } from './broker-config.ts'
import { ConfigError, require } from './config-error.ts'
import { parseList } from './parse-value.ts'
import { inFirstUnit, RETENTION } from './time-units.ts'

/** Throws ConfigError with the rule that is broken. */
export function checkTogether(config: BrokerConfig): void {
  checkId(config)
  checkListeners(config)
  checkControlPlane(config)
  checkConnections(config)
  checkLog(config)
  checkReplication(config)
  checkOffsets(config)
  checkSasl(config)
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
  require(advertised.length > 0, 'There must be at least one broker advertised listener.')
  require(advertised.includes(
    config.interBrokerListenerName,
  ), `inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are ${advertised.join(',')}`)
  require(advertised.every((name) =>
    names.includes(name),
  ), `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${advertised.join(',')}. The valid options based on the current configuration are ${names.join(',')}`)
  require(!config.advertisedListeners.some(
    ({ host }) => host === '0.0.0.0',
  ), 'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.')
}

function checkControlPlane(config: BrokerConfig): void {
  const given = config.get('control.plane.listener.name')
  if (given === null) return
  const name = given.toUpperCase()
  if (!config.listeners.some((listener) => listener.name === name)) {
    throw new ConfigError(
      `Listener with ${name} defined in control.plane.listener.name not found in listener.security.protocol.map.`,
      'control.plane.listener.name',
    )
  }
  require(name !==
    config.interBrokerListenerName, `control.plane.listener.name, when defined, should have a different value from the inter broker listener name. Currently they both have the value ListenerName(${name})`)
}

function checkConnections(config: BrokerConfig): void {
  const maxQueued = config.get('queued.max.request.bytes')
  require(maxQueued <= 0 ||
    maxQueued >=
      config.get(
        'socket.request.max.bytes',
      ), 'queued.max.request.bytes must be larger or equal to socket.request.max.bytes')
  const overrides = parseList(config.get('max.connections.per.ip.overrides'))
  require(config.get('max.connections.per.ip') > 0 ||
    overrides.length >
      0, 'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.')
  for (const override of overrides) {
    if (/^.{1,255}:[0-9]{1,10}$/.test(override)) continue
    throw new ConfigError(
      `Error parsing configuration property 'max.connections.per.ip.overrides': ${override} is not host:limit`,
      'max.connections.per.ip.overrides',
    )
  }
}

function checkLog(config: BrokerConfig): void {
  const rollMs = config.get('log.roll.ms')
  require(rollMs === null || rollMs >= 1, 'log.roll.ms must be greater than or equal to 1')
  const jitterMs = config.get('log.roll.jitter.ms')
  require(jitterMs === null ||
    jitterMs >= 0, 'log.roll.jitter.ms must be greater than or equal to 0')
  const retention = inFirstUnit(RETENTION, (name) =>
    config.isSet(name) ? config.text(name) : null,
  )
  require(retention === null ||
    Number(retention) >= 1 ||
    Number(retention) ===
      -1, 'log.retention.ms must be unlimited (-1) or, greater than or equal to 1')
  require(config.logDirectories.length >
    0, 'At least one log directory must be defined via log.dirs or log.dir.')
  if (config.get('log.cleaner.enable')) checkCleaner(config)
}

function checkCleaner(config: BrokerConfig): void {
  const threads = config.get('log.cleaner.threads')
  require(threads > 0, 'log.cleaner.threads must be at least 1 while log.cleaner.enable is true.')
  require(Math.floor(config.get('log.cleaner.dedupe.buffer.size') / threads) >
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

function checkOffsets(config: BrokerConfig): void {
  const acks = config.get('offsets.commit.required.acks')
  if (acks < -1 || acks > config.get('offsets.topic.replication.factor')) {
    throw new ConfigError(
      'offsets.commit.required.acks must be greater or equal to -1 and less or equal to offsets.topic.replication.factor',
      'offsets.commit.required.acks',
    )
  }
  const codec = config.get('offsets.topic.compression.codec')
  if (codec < 0 || codec > LAST_CODEC) {
    throw new ConfigError(
      `Unknown compression type id: ${codec}`,
      'offsets.topic.compression.codec',
    )
  }
}

/** Of zstd, the last of none, gzip, snappy and lz4. */
const LAST_CODEC = 4

function checkSasl(config: BrokerConfig): void {
  if (!config.interBrokerSecurityProtocol.startsWith('SASL_')) return
  const own = config.forListener(config.interBrokerListenerName)
  require(own
    .get('sasl.enabled.mechanisms')
    .includes(
      config.get('sasl.mechanism.inter.broker.protocol'),
    ), 'sasl.mechanism.inter.broker.protocol must be included in sasl.enabled.mechanisms when SASL is used for inter-broker communication')
}
