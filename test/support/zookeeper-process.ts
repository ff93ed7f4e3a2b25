// The ZooKeeper server as users start it: `ottla zookeeper FILE`, a process of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { end, writeProperties } from './kafka.ts'
import { until } from './until.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')

export class ZooKeeperProcess {
  readonly port: number
  readonly child: ChildProcess

  private constructor(directory: string, port: number) {
    this.port = port
    mkdirSync(directory, { recursive: true })
    const file = join(directory, 'zookeeper.properties')
    writeProperties(file, {
      dataDir: join(directory, 'data'),
      clientPort: String(port),
      clientPortAddress: '127.0.0.1',
      'admin.enableServer': 'false',
    })
    this.child = spawn(process.execPath, [MAIN, 'zookeeper', file], { stdio: 'ignore' })
  }

  /** Resolves when it takes connections. */
  static async start(directory: string): Promise<ZooKeeperProcess> {
    const server = new ZooKeeperProcess(directory, await freePort())
    await until(() => takesConnections(server.port), 'ZooKeeper')
    return server
  }

  get connect(): string {
    return `127.0.0.1:${this.port}`
  }

  stop(): Promise<void> {
    return end(this.child, 'SIGTERM')
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
