// `ottla cluster --brokers 3 [--directory DIR]`: brokers on this machine, each a process of its own,
// with a ZooKeeper server in this one; lines of standard input kill, stop and start them. Without
// `--brokers` it is Kafka's kafka-cluster.sh.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Admin } from '../client/admin.ts'
import { KafkaClient } from '../client/kafka-client.ts'
import { nodePlatform } from '../platform/node/node-platform.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { ZooKeeperServer } from '../zookeeper/server.ts'
import { clusterCommand as clusterTool } from './cluster.ts'
import { UsageError, type Command, type CommandStreams } from './command.ts'
import { freePort } from './default-ports.ts'
import { inputLines } from './input-lines.ts'
import { untilStopped } from './stop-signals.ts'

const USAGE = 'ottla cluster --brokers N [--directory DIR] [--override key=value]...\n'
const COMMANDS = 'status, kill N, stop N, start N, quit'
const HOST = '127.0.0.1'
const FIRST_PORT = 9092
const MAX_BROKERS = 20
const READY_WITHIN_MS = 60_000
const READY_CHECK_MS = 200
const SIGNALS = { kill: 'SIGKILL', stop: 'SIGTERM' } as const

export const clusterCommand: Command = {
  run(args, streams) {
    const isRun = args.some((arg) => arg === '--brokers' || arg.startsWith('--brokers='))
    return isRun ? runCluster(args, streams) : clusterTool.run(args, streams)
  },
}

interface RunArguments {
  readonly count: number
  readonly directory: string
  readonly overrides: readonly string[]
}

function readArguments(args: readonly string[]): RunArguments {
  let values
  try {
    const directory = { type: 'string', default: 'data/cluster' } as const
    const none: string[] = []
    const override = { type: 'string', multiple: true, default: none } as const
    const options = { brokers: { type: 'string', default: '3' }, directory, override } as const
    values = parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
  const count = Number(values.brokers)
  if (!Number.isInteger(count) || count < 1 || count > MAX_BROKERS) {
    throw new UsageError(`--brokers is a number from 1 to ${MAX_BROKERS}, not ${values.brokers}`)
  }
  return { count, directory: values.directory, overrides: values.override }
}

async function runCluster(args: readonly string[], streams: CommandStreams): Promise<number> {
  const options = readArguments(args)
  const stopped = untilStopped()
  await using cluster = await LocalCluster.start(options)
  await Promise.race([obeyInput(cluster, options.count, streams), stopped])
  // What nobody has typed yet must not hold up the end.
  streams.stdin.destroy()
  return 0
}

/** Until the input ends, or says so. */
async function obeyInput(
  cluster: LocalCluster,
  count: number,
  streams: CommandStreams,
): Promise<void> {
  streams.stdout.write(`Starting ${count} brokers at ${cluster.bootstrap}: ${COMMANDS}\n`)
  await cluster.ready()
  streams.stdout.write(await cluster.status())
  for await (const lines of inputLines(streams.stdin)) {
    for (const line of lines) {
      const words = line.toString().trim().split(/\s+/)
      if (words[0] === 'quit') return
      streams.stdout.write(await cluster.obey(words))
    }
  }
}

interface Member {
  readonly id: number
  readonly port: number
  child: ChildProcess | undefined
}

class LocalCluster implements AsyncDisposable {
  readonly #options: RunArguments
  readonly #zookeeper: ZooKeeperServer
  readonly #members: readonly Member[]
  readonly #client: KafkaClient

  private constructor(
    options: RunArguments,
    zookeeper: ZooKeeperServer,
    members: readonly Member[],
  ) {
    this.#options = options
    this.#zookeeper = zookeeper
    this.#members = members
    const platform = nodePlatform()
    const retry = { totalMs: 30_000 }
    this.#client = new KafkaClient({
      platform,
      bootstrap: this.bootstrap,
      clientId: 'cluster',
      retry,
    })
  }

  static async start(options: RunArguments): Promise<LocalCluster> {
    mkdirSync(options.directory, { recursive: true })
    const members: Member[] = []
    for (let id = 1, port = FIRST_PORT; id <= options.count; id += 1, port += 1) {
      port = await freePort(HOST, port)
      if (port === 0) throw new UsageError('There are not enough free ports.')
      members.push({ id, port, child: undefined })
    }
    const zookeeper = await ZooKeeperServer.start({
      platform: nodePlatform(),
      logger: silentLogger,
      directory: join(options.directory, 'zookeeper'),
      listeners: [{ host: HOST, port: 0 }],
    })
    const cluster = new LocalCluster(options, zookeeper, members)
    for (const member of members) cluster.#launch(member)
    return cluster
  }

  get bootstrap(): string {
    return this.#members.map(({ port }) => `${HOST}:${port}`).join(',')
  }

  /** Resolves when every broker has registered. */
  async ready(): Promise<void> {
    const endMs = performance.now() + READY_WITHIN_MS
    while (performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, READY_CHECK_MS))
      if (await this.#isComplete()) return
      const gone = this.#members.find(({ child }) => child === undefined)
      if (gone !== undefined) {
        throw new UsageError(`Broker ${gone.id} has ended; see ${this.#logOf(gone.id)}.`)
      }
    }
    throw new UsageError(`Not all brokers have started; see ${this.#logOf('*')}.`)
  }

  async #isComplete(): Promise<boolean> {
    try {
      await this.#client.refresh([])
      return this.#client.brokers.length >= this.#members.length
    } catch {
      return false
    }
  }

  #logOf(id: number | string): string {
    return join(this.#options.directory, `broker-${id}.log`)
  }

  /** Does what a line asks for, and answers what to print. */
  async obey([verb = '', number = '']: readonly string[]): Promise<string> {
    if (verb === '') return ''
    if (verb === 'status') return this.status()
    const member = this.#members.find(({ id }) => String(id) === number)
    if (verb !== 'kill' && verb !== 'stop' && verb !== 'start') {
      return `There is no command ${verb}: ${COMMANDS}\n`
    }
    if (member === undefined) return `There is no broker ${number}.\n`
    const { id, child } = member
    if (verb === 'start') {
      if (child !== undefined) return `Broker ${id} is running.\n`
      this.#launch(member)
      return `Broker ${id} starts.\n`
    }
    if (child === undefined) return `Broker ${id} is not running.\n`
    await end(child, SIGNALS[verb])
    return verb === 'kill' ? `Broker ${id} is killed.\n` : `Broker ${id} has stopped.\n`
  }

  /** Who runs, who is the controller, and who leads what. */
  async status(): Promise<string> {
    const lines = this.#members.map(({ id, port, child }) => {
      return `broker ${id} at ${HOST}:${port}: ${child === undefined ? 'down' : 'up'}`
    })
    try {
      await this.#client.refresh([])
      const admin = new Admin(this.#client)
      const topics = await admin.describeTopics(await admin.listTopics(true))
      lines.push(`controller: ${this.#client.controllerId}`)
      for (const { name, partitions } of topics) {
        for (const { partition, leader, replicas, isr } of partitions) {
          const who = leader === -1 ? 'no leader' : `leader ${leader}`
          lines.push(
            `${name}-${partition}: ${who}, replicas ${replicas.join(',')}, in sync ${isr.join(',')}`,
          )
        }
      }
    } catch (error) {
      lines.push(`No broker answers: ${error instanceof Error ? error.message : String(error)}`)
    }
    return `${lines.join('\n')}\n`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close()
    const running = this.#members.flatMap(({ child }) => (child === undefined ? [] : [child]))
    await Promise.all(running.map((child) => end(child, 'SIGTERM')))
    await this.#zookeeper.close()
  }

  #launch(member: Member): void {
    const { directory, overrides, count } = this.#options
    const replication = String(Math.min(3, count))
    const settings = {
      'broker.id': String(member.id),
      listeners: `PLAINTEXT://${HOST}:${member.port}`,
      'log.dirs': join(directory, `broker-${member.id}`),
      'zookeeper.connect': `${HOST}:${this.#zookeeper.ports[0]}`,
      'ottla.http.listeners': '',
      'offsets.topic.replication.factor': replication,
      'default.replication.factor': replication,
      'group.initial.rebalance.delay.ms': '0',
      // When all stop together, the last have nobody to hand over to.
      'controlled.shutdown.retry.backoff.ms': '200',
    }
    const pairs = [
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
      ...overrides,
    ]
    const args = pairs.flatMap((pair) => ['--override', pair])
    const log = openSync(this.#logOf(member.id), 'a')
    const main = process.argv[1] ?? ''
    const child = spawn(process.execPath, [...process.execArgv, main, 'start', ...args], {
      stdio: ['ignore', log, log],
      // A Ctrl-C is for this process, which stops the brokers while ZooKeeper is still there.
      detached: true,
    })
    member.child = child
    child.once('exit', () => {
      if (member.child === child) member.child = undefined
    })
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}
