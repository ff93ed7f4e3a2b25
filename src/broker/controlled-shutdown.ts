// Before a broker stops it asks the controller to move its leaderships away, so that clients find
// the next leader at once. Its own controller does that too, before it gives up the role.
import { sleep } from '../platform/clock.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import { errorByCode, Errors } from '../wire/errors.ts'
import type { BrokerParts } from './broker-parts.ts'
import type { BrokerStatus } from './broker-status.ts'
import type { DynamicSettings } from './dynamic-settings.ts'
import type { RegistrationSession } from './registration-session.ts'

export interface HandOverOptions {
  readonly brokerId: number
  readonly session: RegistrationSession
  readonly settings: DynamicSettings
  readonly parts: BrokerParts
  readonly platform: Platform
  readonly logger: Logger
  readonly status: BrokerStatus
}

export async function handOverLeaderships(options: HandOverOptions): Promise<void> {
  const { settings, status, parts, platform, logger } = options
  status.begin('stopping', 'handing over leaderships')
  const { config } = settings
  // A broker alone has nobody to hand over to.
  const isAlone = parts.metadata.image.brokers.size <= 1
  if (isAlone || !config.get('controlled.shutdown.enable')) return
  const attempts = config.get('controlled.shutdown.max.retries')
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (await askOnce(options)) return
    if (attempt < attempts) {
      await sleep(platform.clock, config.get('controlled.shutdown.retry.backoff.ms'))
    }
  }
  logger.warn('The controller did not take over all leaderships; stopping all the same.')
}

async function askOnce({ brokerId, session, parts, logger }: HandOverOptions): Promise<boolean> {
  try {
    const { errorCode, remainingPartitions } = await parts.controllerLink.controlledShutdown({
      brokerId,
      brokerEpoch: session.brokerEpoch,
    })
    if (errorCode === Errors.NONE && remainingPartitions.length === 0) return true
    const reason =
      errorCode === Errors.NONE
        ? `${remainingPartitions.length} partitions have no other leader`
        : errorByCode(errorCode).name
    logger.info(`Leaderships are not handed over yet: ${reason}.`)
  } catch (error) {
    logger.warn('The controller could not be asked to take over leaderships.', error)
  }
  return false
}
