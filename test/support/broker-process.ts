// The broker as users start it: a process of its own, with a file of settings.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { end, untilServing, writeProperties, type Settings } from './kafka.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')
export const DEFAULTS: Settings = {
  'broker.id': '0',
  'ottla.http.listeners': '',
  'ottla.zookeeper.listeners': '',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '5',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
}

export interface Finished {
  readonly code: number | null
  readonly signal: string | null
  readonly output: string
  readonly tookMs: number
}

export class BrokerProcess {
  readonly directory: string
  readonly port: number
  readonly #settings: Settings
  readonly #began = performance.now()
  readonly #exited: Promise<unknown>
  readonly child: ChildProcess
  #output = ''

  private constructor(directory: string, port: number, settings: Settings) {
    this.directory = directory
    this.port = port
    this.#settings = settings
    mkdirSync(directory, { recursive: true })
    const file = join(directory, 'server.properties')
    writeProperties(file, {
      ...DEFAULTS,
      listeners: `PLAINTEXT://127.0.0.1:${port}`,
      'log.dirs': this.logs,
      'ottla.zookeeper.data.dir': join(directory, 'zookeeper'),
      ...settings,
    })
    this.child = spawn(process.execPath, [MAIN, 'start', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#exited = once(this.child, 'exit')
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()))
    }
  }

  /** Does not wait: for what is not expected to come up. */
  static spawn(directory: string, port: number, settings: Settings = {}): BrokerProcess {
    return new BrokerProcess(directory, port, settings)
  }

  /** Resolves when it serves clients. */
  static async start(directory: string, settings: Settings = {}, port?: number) {
    const broker = new BrokerProcess(directory, port ?? (await freePort()), settings)
    await untilServing(broker.port, broker.child).catch((error: Error) => {
      broker.child.kill('SIGKILL')
      throw new Error(`${error.message}\n${broker.output}`)
    })
    return broker
  }

  /** A new process with the same directory, port and settings. */
  again(settings: Settings = {}): Promise<BrokerProcess> {
    return BrokerProcess.start(this.directory, { ...this.#settings, ...settings }, this.port)
  }

  get logs(): string {
    return join(this.directory, 'logs')
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output
  }

  get aliveMs(): number {
    return performance.now() - this.#began
  }

  kill(): Promise<void> {
    return end(this.child, 'SIGKILL')
  }

  stop(): Promise<void> {
    return end(this.child, 'SIGTERM')
  }

  /** Waits for its end, whatever brings it about. */
  async finished(): Promise<Finished> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.#exited
    const { exitCode: code, signalCode: signal } = this.child
    return { code, signal, output: this.#output, tookMs: this.aliveMs }
  }
}
