// An ensemble of Apache ZooKeeper servers, whose members can be killed and started again.
import { type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { end, startJava, writeProperties } from './kafka.ts'

const HOST = '127.0.0.1'

interface Member {
  readonly directory: string
  readonly clientPort: number
  readonly peerPorts: string
  child: ChildProcess | undefined
}

export class ZooKeeperEnsemble {
  readonly #members: readonly Member[]

  private constructor(members: readonly Member[]) {
    this.#members = members
  }

  /** Started, not yet answering. */
  static async start(directory: string, size: number): Promise<ZooKeeperEnsemble> {
    const members: Member[] = []
    for (let index = 0; index < size; index++) {
      members.push({
        directory: join(directory, `member-${index + 1}`),
        clientPort: await freePort(),
        peerPorts: `${await freePort()}:${await freePort()}`,
        child: undefined,
      })
    }
    const ensemble = new ZooKeeperEnsemble(members)
    for (let index = 0; index < size; index++) ensemble.startMember(index)
    return ensemble
  }

  get connect(): string {
    return this.#members.map(({ clientPort }) => `${HOST}:${clientPort}`).join(',')
  }

  get size(): number {
    return this.#members.length
  }

  startMember(index: number): void {
    const member = this.#members[index]
    if (member === undefined) return
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
    })
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
    member.child = startJava(member.directory, 'zookeeper', [main, file])
  }

  async killMember(index: number): Promise<void> {
    const child = this.#members[index]?.child
    if (child !== undefined) await end(child, 'SIGKILL')
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((_, index) => this.killMember(index)))
  }
}
