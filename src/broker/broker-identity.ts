// Which broker this is: the configured id, else the one that its log directories remember, else a
// new one from ZooKeeper.
import type { BrokerConfig } from '../config/broker-config.ts'
import { ConfigError } from '../config/config-error.ts'
import { generateBrokerId } from '../controller/broker-registration.ts'
import { readIdentity } from '../log/open-directories.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'

const NONE = -1

/** Throws when there is no id and none may be generated. */
export async function brokerIdentity(
  config: BrokerConfig,
  platform: Platform,
  logger: Logger,
  zookeeper: ZooKeeperClient,
): Promise<number> {
  const configured = config.get('broker.id')
  if (configured !== NONE) return configured
  const remembered = readIdentity(platform, logger, config.logDirectories)
  if (remembered !== undefined) return remembered.brokerId
  if (!config.get('broker.id.generation.enable')) {
    throw new ConfigError(
      'broker.id is not set, and broker.id.generation.enable=false forbids to make one',
      'broker.id',
    )
  }
  return generateBrokerId(zookeeper, config.get('reserved.broker.max.id'))
}
