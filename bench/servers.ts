// The brokers under test, each with its ZooKeeper: ours as one process, Apache Kafka as two.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'
import { kafkaJars } from '../scripts/kafka-jars.ts'

export interface Server {
  readonly port: number
  readonly pids: readonly number[]
  /** The process with the broker, and how long it took from its spawn until now is up to the caller. */
  readonly spawnedAt: number
  kill(): Promise<void>
  stop(): Promise<void>
}

export interface ServerKind {
  readonly name: string
  /** Undefined: it cannot run here. */
  start(directory: string, settings?: Readonly<Record<string, string>>): Promise<Server>
}

const root = join(import.meta.dirname, '..')
const packaged = join(root, 'dist', 'main.js')
/** As the package's commands start it. */
const nodeFlags: readonly string[] = JSON.parse(
  readFileSync(join(root, 'bin', 'node-flags.json'), 'utf8'),
)

export function newDirectory(): string {
  return mkdtempSync(join(process.env['OTTLA_BENCH_DIR'] ?? tmpdir(), 'ottla-bench-'))
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

function writeProperties(path: string, settings: Readonly<Record<string, string>>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  writeFileSync(path, `${lines.join('\n')}\n`)
}

const COMMON = {
  'broker.id': '0',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
}

/** Ours: the compiled package where it was built, else from source. */
export const ottla: ServerKind = {
  name: 'ottla',
  async start(directory, settings = {}) {
    const port = await portOf(directory, 'port')
    const file = join(directory, 'server.properties')
    writeProperties(file, {
      ...COMMON,
      listeners: `PLAINTEXT://127.0.0.1:${port}`,
      'log.dirs': join(directory, 'kafka-logs'),
      'ottla.zookeeper.listeners': `127.0.0.1:${await portOf(directory, 'zookeeper-port')}`,
      'ottla.http.listeners': '',
      ...settings,
    })
    const entry = existsSync(packaged) ? packaged : join(root, 'src', 'cli', 'main.ts')
    const spawnedAt = performance.now()
    const args = [...nodeFlags, entry, 'start', file, '--log-level', 'WARN']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    return new Processes(port, spawnedAt, [child])
  },
}

/** Apache Kafka 3.9 in ZooKeeper mode with Apache ZooKeeper; undefined without Java or Maven. */
export function kafka(): ServerKind | undefined {
  const { classPath, missing } = kafkaJars('3.9')
  if (missing !== undefined) {
    console.log(`Apache Kafka is left out: no ${missing}`)
    return undefined
  }
  return {
    name: 'kafka',
    async start(directory, settings = {}) {
      const port = await portOf(directory, 'port')
      const zookeeperPort = await portOf(directory, 'zookeeper-port')
      const zookeeperFile = join(directory, 'zookeeper.properties')
      writeProperties(zookeeperFile, {
        dataDir: join(directory, 'zookeeper'),
        clientPort: String(zookeeperPort),
        clientPortAddress: '127.0.0.1',
        maxClientCnxns: '0',
        'admin.enableServer': 'false',
      })
      const file = join(directory, 'server.properties')
      writeProperties(file, {
        ...COMMON,
        listeners: `PLAINTEXT://127.0.0.1:${port}`,
        'log.dirs': join(directory, 'kafka-logs'),
        'zookeeper.connect': `127.0.0.1:${zookeeperPort}`,
        ...settings,
      })
      const logging = join(directory, 'log4j.properties')
      writeFileSync(logging, 'log4j.rootLogger=OFF\n')
      const java = (heap: string, main: string, config: string): ChildProcess =>
        spawn(
          'java',
          [
            `-Xmx${heap}`,
            `-Xms${heap}`,
            '-XX:+UseG1GC',
            `-Dlog4j.configuration=file:${logging}`,
            '-cp',
            classPath,
            main,
            config,
          ],
          { stdio: 'ignore' },
        )
      const spawnedAt = performance.now()
      const zookeeper = java(
        '512M',
        'org.apache.zookeeper.server.quorum.QuorumPeerMain',
        zookeeperFile,
      )
      const broker = java('1G', 'kafka.Kafka', file)
      return new Processes(port, spawnedAt, [broker, zookeeper])
    },
  }
}

/** The ZooKeeper of that kind, alone. */
export async function startZooKeeper(
  kind: ServerKind,
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const port = await portOf(directory, 'zookeeper-port')
  const file = join(directory, 'zookeeper.properties')
  writeProperties(file, {
    dataDir: join(directory, 'zookeeper'),
    clientPort: String(port),
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: '0',
    'admin.enableServer': 'false',
    ...(kind.name === 'ottla' ? settings : {}),
  })
  const spawnedAt = performance.now()
  if (kind.name === 'ottla') {
    const entry = existsSync(packaged) ? packaged : join(root, 'src', 'cli', 'main.ts')
    const child = spawn(process.execPath, [...nodeFlags, entry, 'zookeeper', file], {
      stdio: 'ignore',
    })
    return new Processes(port, spawnedAt, [child])
  }
  const { classPath = '' } = kafkaJars('3.9')
  const logging = join(directory, 'log4j.properties')
  writeFileSync(logging, 'log4j.rootLogger=OFF\n')
  // There these are system properties; the heap is that of Kafka's zookeeper-server-start.sh.
  const properties = Object.entries(settings).map(([name, value]) => `-Dzookeeper.${name}=${value}`)
  const options = ['-Xmx512M', '-Xms512M', '-XX:+UseG1GC', `-Dlog4j.configuration=file:${logging}`]
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  const child = spawn('java', [...options, ...properties, '-cp', classPath, main, file], {
    stdio: 'ignore',
  })
  return new Processes(port, spawnedAt, [child])
}

/** Restarts in the same directory use the same ports. */
const portsOfDirectories = new Map<string, number>()

async function portOf(directory: string, purpose: string): Promise<number> {
  const key = `${directory} ${purpose}`
  const known = portsOfDirectories.get(key)
  if (known !== undefined) return known
  mkdirSync(directory, { recursive: true })
  const port = await freePort()
  portsOfDirectories.set(key, port)
  return port
}

const STOP_WITHIN_MS = 30_000

class Processes implements Server {
  readonly port: number
  readonly spawnedAt: number
  readonly #children: readonly ChildProcess[]

  constructor(port: number, spawnedAt: number, children: readonly ChildProcess[]) {
    this.port = port
    this.spawnedAt = spawnedAt
    this.#children = children
  }

  get pids(): number[] {
    return this.#children.flatMap(({ pid, exitCode }) =>
      pid === undefined || exitCode !== null ? [] : [pid],
    )
  }

  async kill(): Promise<void> {
    for (const child of this.#children) await end(child, 'SIGKILL')
  }

  /** The broker first, so that it can still reach its ZooKeeper. */
  async stop(): Promise<void> {
    for (const child of this.#children) await end(child, 'SIGTERM')
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    child.once('exit', () => {
      clearTimeout(force)
      resolve()
    })
    child.kill(signal)
  })
}
