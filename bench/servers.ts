// The brokers under test, each with its ZooKeeper: ours as one process, Apache Kafka as two.
import { spawn, type ChildProcess } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
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

const environment: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(root, 'bin', 'node-environment.json'), 'utf8'),
)

/** Ours: the compiled package where it was built, else from source, or what OTTLA_BENCH_ENTRY names. */
export function spawnOttla(args: readonly string[]): ChildProcess {
  const built = existsSync(packaged) ? packaged : join(root, 'src', 'cli', 'main.ts')
  const entry = process.env['OTTLA_BENCH_ENTRY'] ?? built
  return spawn(process.execPath, [...nodeFlags, entry, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...environment, ...process.env },
  })
}

interface JavaOptions {
  readonly heap: string
  readonly main: string
  readonly directory: string
  readonly properties?: readonly string[]
}

let jars: ReturnType<typeof kafkaJars> | undefined

/** The question takes a process of its own, so it is asked once. */
function kafkaJarsOnce(): ReturnType<typeof kafkaJars> {
  return (jars ??= kafkaJars('3.9'))
}

/** A server of Apache's that logs nothing; the heap is that of its start script. */
export function spawnJava(
  file: string,
  { heap, main, directory, properties = [] }: JavaOptions,
): ChildProcess {
  const { classPath = '' } = kafkaJarsOnce()
  const logging = join(directory, 'log4j.properties')
  writeFileSync(logging, 'log4j.rootLogger=OFF\n')
  const flags = [
    `-Xmx${heap}`,
    `-Xms${heap}`,
    '-XX:+UseG1GC',
    `-Dlog4j.configuration=file:${logging}`,
  ]
  return spawn('java', [...flags, ...properties, '-cp', classPath, main, file], { stdio: 'ignore' })
}

export const KAFKA_MAIN = 'kafka.Kafka'
const ZOOKEEPER_MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'

export function newDirectory(): string {
  return mkdtempSync(join(process.env['OTTLA_BENCH_DIR'] ?? tmpdir(), 'ottla-bench-'))
}

const emptied = new Set<string>()
process.once('exit', () => {
  for (const directory of emptied) rmSync(directory, { recursive: true, force: true })
})

/**
 * Gives back the disk's space now, and the files at the end: ext4 does not use an inode again within
 * five minutes, and looking past thousands of them would be charged to the next who makes files.
 */
export function removeDirectory(directory: string): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name)
    const status = statSync(path)
    if (status.isFile() && status.size > 0) truncateSync(path, 0)
  }
  emptied.add(directory)
}

export function writeProperties(path: string, settings: Readonly<Record<string, string>>): void {
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

/** Ours, with its embedded ZooKeeper. */
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
    const spawnedAt = performance.now()
    const child = spawnOttla(['start', file, '--log-level', 'WARN'])
    return new Processes(port, spawnedAt, [child])
  },
}

/** Apache Kafka 3.9 in ZooKeeper mode with Apache ZooKeeper; undefined without Java or Maven. */
export function kafka(): ServerKind | undefined {
  const { missing } = kafkaJarsOnce()
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
      const spawnedAt = performance.now()
      const main = ZOOKEEPER_MAIN
      const zookeeper = spawnJava(zookeeperFile, { heap: '512M', main, directory })
      const startBroker = () => spawnJava(file, { heap: '1G', main: KAFKA_MAIN, directory })
      const processes = new Processes(port, spawnedAt, [startBroker(), zookeeper])
      processes.superviseFirst(startBroker)
      return processes
    },
  }
}

/** The ZooKeeper of that kind, alone; `settings` are what Apache's takes as system properties. */
export async function startZooKeeper(
  kind: ServerKind,
  directory: string,
  settings: Readonly<Record<string, string>> = {},
  inFile: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const port = await portOf(directory, 'zookeeper-port')
  const file = join(directory, 'zookeeper.properties')
  writeProperties(file, {
    dataDir: join(directory, 'zookeeper'),
    clientPort: String(port),
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: '0',
    'admin.enableServer': 'false',
    ...inFile,
    ...(kind.name === 'ottla' ? settings : {}),
  })
  const spawnedAt = performance.now()
  if (kind.name === 'ottla') {
    return new Processes(port, spawnedAt, [spawnOttla(['zookeeper', file])])
  }
  // There these are system properties.
  const properties = Object.entries(settings).map(([name, value]) => `-Dzookeeper.${name}=${value}`)
  const child = spawnJava(file, { heap: '512M', main: ZOOKEEPER_MAIN, directory, properties })
  return new Processes(port, spawnedAt, [child])
}

/** Restarts in the same directory use the same ports. */
const portsOfDirectories = new Map<string, number>()

export async function portOf(directory: string, purpose: string): Promise<number> {
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
  readonly #children: ChildProcess[]
  #isEnding = false

  constructor(port: number, spawnedAt: number, children: readonly ChildProcess[]) {
    this.port = port
    this.spawnedAt = spawnedAt
    this.#children = [...children]
  }

  /** Starts the first again when it ends by itself: as long as the session of a killed broker lasts. */
  superviseFirst(start: () => ChildProcess): void {
    this.#children[0]?.once('exit', () => {
      if (this.#isEnding) return
      this.#children[0] = start()
      this.superviseFirst(start)
    })
  }

  get pids(): number[] {
    return this.#children.flatMap((child) =>
      child.pid === undefined || hasEnded(child) ? [] : [child.pid],
    )
  }

  async kill(): Promise<void> {
    this.#isEnding = true
    for (const child of this.#children) await end(child, 'SIGKILL')
  }

  /** The broker first, so that it can still reach its ZooKeeper. */
  async stop(): Promise<void> {
    this.#isEnding = true
    for (const child of this.#children) await end(child, 'SIGTERM')
  }
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

export function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return Promise.resolve()
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    child.once('exit', () => {
      clearTimeout(force)
      resolve()
    })
    child.kill(signal)
  })
}
