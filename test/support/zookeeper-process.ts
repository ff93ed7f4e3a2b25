// The ZooKeeper server as users start it: `ottla zookeeper FILE`, a process of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { end, writeProperties, type Settings } from './kafka.ts'
import { until } from './until.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')

export class ZooKeeperProcess {
  readonly port: number
  readonly child: ChildProcess
  readonly #directory: string
  readonly #settings: Settings

  private constructor(directory: string, port: number, settings: Settings) {
    this.port = port
    this.#directory = directory
    this.#settings = settings
    mkdirSync(directory, { recursive: true })
    const file = join(directory, 'zookeeper.properties')
    writeProperties(file, {
      dataDir: join(directory, 'data'),
      clientPort: String(port),
      clientPortAddress: '127.0.0.1',
      'admin.enableServer': 'false',
      ...settings,
    })
    this.child = spawn(process.execPath, [MAIN, 'zookeeper', file], { stdio: 'ignore' })
  }

  /** Resolves when it takes connections. */
  static async start(
    directory: string,
    settings: Settings = {},
    port?: number,
  ): Promise<ZooKeeperProcess> {
    const server = new ZooKeeperProcess(directory, port ?? (await freePort()), settings)
    await until(() => takesConnections(server.port), 'ZooKeeper')
    return server
  }

  get connect(): string {
    return `127.0.0.1:${this.port}`
  }

  /** A new process with the same directory, port and settings. */
  again(): Promise<ZooKeeperProcess> {
    return ZooKeeperProcess.start(this.#directory, this.#settings, this.port)
  }

  kill(): Promise<void> {
    return end(this.child, 'SIGKILL')
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
