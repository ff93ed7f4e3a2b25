// ZooKeeper's shell (zkCli.sh, zookeeper-shell.sh): one line in, lines of standard output and
// standard error out, as Apache ZooKeeper 3.8 prints them. It has a connection, a history, and
// watches that it tells of; the caller owns the prompt and the streams.
import type { ZooKeeperClient } from './client.ts'
import type { WatchEvent } from './client-options.ts'
import { ZooKeeperError } from './errors.ts'
import { describe, integerOf, ShellOutput } from './shell-command.ts'
import type { ShellCommand } from './shell-command.ts'
import { eventLines, NODE_COMMANDS } from './shell-commands.ts'
import { parseLine, parseOptions, ShellUsageError } from './shell-line.ts'
import { QUOTA_COMMANDS } from './shell-quotas.ts'

export { ShellOutput } from './shell-command.ts'

export interface ShellOptions {
  /** Connects to `host:port`, or again to where it was. */
  readonly connect: (server: string | undefined) => Promise<ZooKeeperClient>
  /** Prints what happens by itself: events of watches and of the connection. */
  readonly announce: (lines: readonly string[]) => void
}

const COMMANDS: ReadonlyMap<string, ShellCommand> = new Map([...NODE_COMMANDS, ...QUOTA_COMMANDS])

/** Commands of the shell itself; those with a connection come after them. */
const OWN_COMMANDS: ReadonlyMap<string, string> = new Map([
  ['close', ''],
  ['connect', 'host:port'],
  ['history', ''],
  ['printwatches', 'on|off'],
  ['quit', ''],
  ['redo', 'cmdno'],
])

const EVENT_TYPES = {
  created: 'NodeCreated',
  deleted: 'NodeDeleted',
  dataChanged: 'NodeDataChanged',
  childrenChanged: 'NodeChildrenChanged',
} as const

const STATES = {
  connected: 'SyncConnected',
  disconnected: 'Disconnected',
  expired: 'Expired',
  closed: 'Closed',
} as const

const HISTORY_SHOWN = 10

/** The list of commands, printed for whatever is none. */
export function shellUsage(): string[] {
  const usages = [
    ...[...COMMANDS].map(([name, { usage }]) => `\t${name} ${usage}`),
    ...[...OWN_COMMANDS].map(([name, usage]) => `\t${name} ${usage}`),
  ]
  return ['ZooKeeper -server host:port [-zk-tls-config-file <file>] cmd args', ...usages.toSorted()]
}

export class Shell {
  readonly #options: ShellOptions
  readonly #history: string[] = []
  #client: ZooKeeperClient | undefined
  #printsWatches = true

  constructor(options: ShellOptions) {
    this.#options = options
  }

  /** Rejects when nothing answers there. */
  async connect(server?: string): Promise<void> {
    const client = await this.#options.connect(server)
    this.#client = client
    this.#announce('connected')
    client.onState((state) => {
      // That the connection ends is no news for who has closed the session.
      if (state !== 'disconnected' || this.#client === client) this.#announce(state)
    })
    client.onWatch((event) => this.#print(watchLines(event)))
    client.onRefused(() => {
      // There is no way on for an identity that is not believed.
      this.#client = undefined
      client.abandon()
      this.#print(eventLines('AuthFailed', 'None', null))
    })
  }

  /** Ends the session without a word. */
  end(): Promise<void> {
    this.#printsWatches = false
    return this.#close()
  }

  async #close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }

  /** Never rejects for what a server or the line itself can get wrong: that is in the output. */
  async run(line: string): Promise<ShellOutput> {
    const output = new ShellOutput()
    if (line.trim() === '') return output
    this.#history.push(line)
    try {
      await this.#run(line, output)
    } catch (error) {
      report(error, output)
    }
    return output
  }

  async #run(line: string, output: ShellOutput): Promise<void> {
    const [name = '', ...words] = parseLine(line)
    const command = COMMANDS.get(name)
    if (command === undefined && !OWN_COMMANDS.has(name)) {
      output.err(...shellUsage(), `Command not found: Command not found ${name}`)
      output.exitCode = 127
      return
    }
    if (command === undefined) return this.#runOwn(name, words, output)
    const client = this.#client
    if (client === undefined || client.state === 'expired') {
      output.out('Not connected')
      return
    }
    const usage = `${name} ${command.usage}`
    const parsed = parseOptions(command.options ?? {}, words, usage)
    if (parsed.args.length < command.minArguments) throw new ShellUsageError(usage)
    await command.run(client, parsed, output)
  }

  async #runOwn(name: string, words: readonly string[], output: ShellOutput): Promise<void> {
    const [first] = words
    switch (name) {
      case 'quit':
        output.quit = true
        return this.#close()
      case 'close':
        return this.#close()
      case 'connect':
        await this.#close()
        return this.connect(first)
      case 'history':
        output.out(...this.#recent())
        break
      case 'printwatches':
        if (first === undefined) {
          output.out(`printwatches is ${this.#printsWatches ? 'on' : 'off'}`)
        } else {
          this.#printsWatches = first === 'on'
        }
        break
      case 'redo':
        if (first !== undefined) return this.#redo(first, output)
    }
    if (this.#client === undefined) output.out('Not connected')
  }

  #recent(): string[] {
    const begin = Math.max(0, this.#history.length - 1 - HISTORY_SHOWN)
    return this.#history.slice(begin).map((line, index) => `${begin + index} - ${line}`)
  }

  /** Runs a line of the history; that line stands there twice afterwards. */
  #redo(text: string, output: ShellOutput): Promise<void> {
    const number = integerOf(text)
    const line = this.#history[number]
    if (line === undefined || number >= this.#history.length - 1) {
      throw new ShellUsageError('Command index out of range')
    }
    if (parseLine(line)[0] === 'redo') throw new ShellUsageError('No redoing redos')
    this.#history[this.#history.length - 1] = line
    return this.#run(line, output)
  }

  #announce(state: keyof typeof STATES): void {
    this.#print(eventLines(STATES[state], 'None', null))
  }

  #print(lines: readonly string[]): void {
    if (this.#printsWatches) this.#options.announce(lines)
  }
}

function watchLines({ type, path }: WatchEvent): string[] {
  return eventLines('SyncConnected', EVENT_TYPES[type], path)
}

function report(error: unknown, output: ShellOutput): void {
  output.exitCode = 1
  if (error instanceof ShellUsageError) output.err(error.message)
  else if (error instanceof ZooKeeperError) output.err(describe(error))
  else throw error
}
