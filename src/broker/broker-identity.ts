// Which broker this is: the configured id, else the one that its log directories remember, else a
// new one from ZooKeeper.
import { join } from 'node:path'
import type { BrokerConfig } from '../config/broker-config.ts'
import { ConfigError } from '../config/config-error.ts'
import { generateBrokerId } from '../controller/broker-registration.ts'
import { parseMetaProperties } from '../log/meta-properties.ts'
import type { Disk } from '../platform/disk.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'

const NONE = -1

/** Throws when there is no id and none may be generated. */
export async function brokerIdentity(
  config: BrokerConfig,
  disk: Disk,
  zookeeper: ZooKeeperClient,
): Promise<number> {
  const configured = config.get('broker.id')
  if (configured !== NONE) return configured
  const remembered = rememberedId(config.logDirectories, disk)
  if (remembered !== NONE) return remembered
  if (!config.get('broker.id.generation.enable')) {
    throw new ConfigError(
      'broker.id is not set, and broker.id.generation.enable=false forbids to make one',
      'broker.id',
    )
  }
  return generateBrokerId(zookeeper, config.get('reserved.broker.max.id'))
}

function rememberedId(directories: readonly string[], disk: Disk): number {
  for (const directory of directories) {
    const path = join(directory, 'meta.properties')
    if (disk.statSync(path) === undefined) continue
    const { brokerId } = parseMetaProperties(disk.readFileSync(path).toString(), path)
    if (brokerId !== NONE) return brokerId
  }
  return NONE
}
