// This broker's life in ZooKeeper: its registration, and what happens when the session ends.
//
// The session is remembered in a file of the first log directory. A broker that was killed leaves a
// session behind that would hold its id until it runs out (Kafka exits then). The lock on the log
// directory proves that the process which owned the session is gone, so its successor ends it.
import { join } from 'node:path'
import { checkEndpointsAreFree, registerBroker } from '../controller/broker-registration.ts'
import { replaceFile } from '../log/atomic-file.ts'
import type { BrokerNode } from '../metadata/znodes.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import { ZooKeeperClient } from '../zookeeper/client.ts'
import type { ZooKeeperAccess } from './zookeeper-access.ts'

const SESSION_FILE = '.ottla-session'
const SESSION_FILE_MAX_BYTES = 1024
const RETRY_MS = 1_000

type Session = ZooKeeperClient['session']

export interface RegistrationOptions {
  readonly platform: Platform
  readonly logger: Logger
  readonly zookeeper: ZooKeeperAccess
  readonly brokerId: number
  readonly firstLogDirectory: string
  readonly describe: () => BrokerNode
  /** The session is gone, and with it everything that it held. */
  readonly onExpired: () => Promise<void>
  /** A new session is there and this broker is registered in it. */
  readonly onRenewed: () => Promise<void>
}

export class RegistrationSession {
  readonly #options: RegistrationOptions
  readonly #path: string
  #brokerEpoch = -1
  #closed = false
  #stopListening: (() => void) | undefined

  constructor(options: RegistrationOptions) {
    this.#options = options
    this.#path = join(options.firstLogDirectory, SESSION_FILE)
  }

  /** The czxid of the registration; -1 before. */
  get brokerEpoch(): number {
    return this.#brokerEpoch
  }

  /** Registers at endpoints of its own, after the session of a killed predecessor has been ended. */
  async start(): Promise<void> {
    await this.#endPredecessor()
    const { zookeeper, brokerId, describe } = this.#options
    await checkEndpointsAreFree(zookeeper.client, brokerId, describe())
    await this.#register()
    this.#stopListening = this.#options.zookeeper.client.onState((state) => {
      if (state === 'expired') void this.#renew()
    })
  }

  // The file stays: the session ends last, and a stop may be killed before that.
  close(): void {
    this.#closed = true
    this.#stopListening?.()
  }

  async #register(): Promise<void> {
    const { zookeeper, brokerId, describe, logger } = this.#options
    // Before what it must undo: a registration outlives a power cut, and so must this.
    await this.#remember(zookeeper.client.session)
    this.#brokerEpoch = await registerBroker(zookeeper.client, brokerId, describe())
    logger.info(`Registered broker ${brokerId} with broker epoch ${this.#brokerEpoch}.`)
  }

  async #renew(): Promise<void> {
    const { logger, onExpired, onRenewed, zookeeper, platform } = this.#options
    logger.warn('The ZooKeeper session has expired; registering again in a new one.')
    await onExpired()
    while (!this.#closed) {
      try {
        if (zookeeper.client.state === 'expired') await zookeeper.client.renew()
        await this.#register()
        await onRenewed()
        return
      } catch (error) {
        logger.error('Cannot register in a new session yet; trying again.', error)
        await new Promise<void>((resolve) => platform.clock.setTimer(RETRY_MS, resolve))
      }
    }
  }

  async #endPredecessor(): Promise<void> {
    const session = this.#recall()
    if (session === undefined) return
    const { zookeeper, logger } = this.#options
    try {
      const wasAlive = await ZooKeeperClient.closeSession({ ...zookeeper.connect, session })
      if (wasAlive) logger.info('Ended the session that a killed predecessor had left behind.')
    } catch (error) {
      logger.warn('Could not end the session of the process before this one.', error)
    }
  }

  async #remember(session: Session): Promise<void> {
    const text = `${session.id.toString(16)} ${session.password.toString('hex')}\n`
    try {
      await replaceFile(this.#options.platform.disk, this.#path, text, { durable: true })
    } catch (error) {
      this.#options.logger.warn(`Cannot write ${this.#path}; a restart will be slower.`, error)
    }
  }

  #recall(): Session | undefined {
    const { disk } = this.#options.platform
    const status = disk.statSync(this.#path)
    if (status?.kind !== 'file' || status.size > SESSION_FILE_MAX_BYTES) return undefined
    const match = /^([0-9a-f]{1,16}) ([0-9a-f]{32})\n$/.exec(
      disk.readFileSync(this.#path).toString(),
    )
    const [, id, password] = match ?? []
    if (id === undefined || password === undefined) return undefined
    return { id: BigInt(`0x${id}`), password: Buffer.from(password, 'hex') }
  }
}
