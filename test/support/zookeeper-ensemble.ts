// An ensemble of Apache ZooKeeper servers, whose members can be killed and started again.
import { type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JarSet } from '../../scripts/kafka-jars.ts'
import { freePort } from './free-port.ts'
import { end, startJava, writeProperties, type Settings } from './kafka.ts'

const HOST = '127.0.0.1'

interface Member {
  readonly directory: string
  readonly clientPort: number
  /** For TLS; used when the ensemble has settings for it. */
  readonly securePort: number
  readonly peerPorts: string
  child: ChildProcess | undefined
}

export interface EnsembleOptions {
  /** Settings such as `ssl.keyStore.location`: members have a port for TLS. */
  readonly tls?: Settings | undefined
  /** Of another ZooKeeper than the one that comes with Kafka 3.9. */
  readonly jars?: JarSet | undefined
}

export class ZooKeeperEnsemble {
  readonly #members: readonly Member[]

  readonly #options: EnsembleOptions

  private constructor(members: readonly Member[], options: EnsembleOptions) {
    this.#members = members
    this.#options = options
  }

  /** Started, not yet answering. */
  static async start(
    directory: string,
    size: number,
    options: EnsembleOptions = {},
  ): Promise<ZooKeeperEnsemble> {
    const members: Member[] = []
    for (let index = 0; index < size; index++) {
      members.push({
        directory: join(directory, `member-${index + 1}`),
        clientPort: await freePort(),
        securePort: await freePort(),
        peerPorts: `${await freePort()}:${await freePort()}`,
        child: undefined,
      })
    }
    const ensemble = new ZooKeeperEnsemble(members, options)
    for (let index = 0; index < size; index++) ensemble.startMember(index)
    return ensemble
  }

  get connect(): string {
    return this.#members.map(({ clientPort }) => `${HOST}:${clientPort}`).join(',')
  }

  get secureConnect(): string {
    return this.#members.map(({ securePort }) => `${HOST}:${securePort}`).join(',')
  }

  get size(): number {
    return this.#members.length
  }

  startMember(index: number): void {
    const member = this.#members[index]
    if (member === undefined) return
    const { tls, jars } = this.#options
    const dataDir = join(member.directory, 'data')
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(join(dataDir, 'myid'), String(index + 1))
    const file = join(member.directory, 'zoo.cfg')
    const servers = this.#members.map(
      ({ peerPorts }, at) => [`server.${at + 1}`, `${HOST}:${peerPorts}`] as const,
    )
    writeProperties(file, {
      dataDir,
      clientPort: String(member.clientPort),
      clientPortAddress: HOST,
      maxClientCnxns: '0',
      tickTime: '500',
      initLimit: '20',
      syncLimit: '10',
      maxSessionTimeout: '40000',
      'admin.enableServer': 'false',
      ...Object.fromEntries(servers),
      ...(tls === undefined ? {} : { secureClientPort: String(member.securePort), ...tls }),
    })
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
    const netty = '-Dzookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory'
    const options = tls === undefined ? [] : [netty]
    member.child = startJava(member.directory, 'zookeeper', [...options, main, file], jars)
  }

  async killMember(index: number): Promise<void> {
    const child = this.#members[index]?.child
    if (child !== undefined) await end(child, 'SIGKILL')
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((_, index) => this.killMember(index)))
  }
}
