// `ottla zookeeper-shell HOST:PORT [-zk-tls-config-file FILE] [command]`, Kafka's zookeeper-shell.sh:
// one command, or one per line of standard input.
import { zookeeperTls } from '../broker/zookeeper-credentials.ts'
import { BrokerConfig } from '../config/broker-config.ts'
import { ConfigError } from '../config/config-error.ts'
import type { ConnectOptions } from '../platform/network.ts'
import { nodePlatform } from '../platform/node/node-platform.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { ZooKeeperClient } from '../zookeeper/client.ts'
import { ZooKeeperCode, ZooKeeperError } from '../zookeeper/errors.ts'
import { Shell, ShellOutput, shellUsage } from '../zookeeper/shell.ts'
import { UsageError, type Command, type CommandStreams } from './command.ts'
import { inputLines } from './input-lines.ts'
import { shellLogin } from './java-logins.ts'
import { readProperties } from './start-settings.ts'

const DEFAULT_TIMEOUT_MS = 30_000
const USAGE =
  'USAGE: zookeeper-shell.sh zookeeper_host:port[/path] [-zk-tls-config-file file] [args...]'

interface Arguments {
  readonly server: string
  readonly timeoutMs: number
  readonly tlsFile: string | undefined
  /** Empty: commands come from standard input. */
  readonly command: readonly string[]
}

export const zookeeperShellCommand: Command = {
  async run(args, streams) {
    if (args[0] === '--help' || args[0] === '-h' || args.length === 0) {
      const lines = args.length === 0 ? [USAGE] : shellUsage()
      streams.stderr.write(`${lines.join('\n')}\n`)
      return args.length === 0 ? 1 : 0
    }
    const options = readArguments(args)
    streams.stdout.write(`Connecting to ${options.server}\n`)
    const shell = new Shell({
      connect: connector(options),
      announce: (lines) => printLines(streams, lines),
    })
    if (options.command.length === 0) {
      streams.stdout.write('Welcome to ZooKeeper!\nJLine support is disabled\n')
    }
    await shell.connect()
    try {
      if (options.command.length > 0) return await runOne(shell, options.command, streams)
      return await runAll(shell, streams)
    } finally {
      await shell.end()
    }
  },
}

function readArguments(args: readonly string[]): Arguments {
  const words = args[0] === '-server' ? args.slice(1) : [...args]
  const [server = 'localhost:2181', ...rest] = words
  let timeoutMs = DEFAULT_TIMEOUT_MS
  let tlsFile: string | undefined
  while (rest[0]?.startsWith('-') === true) {
    const option = rest.shift()
    if (option === '-waitforconnection' || option === '-r' || option === '-w') continue
    const value = rest.shift()
    if (value === undefined) throw new UsageError(`${option} takes a value\n${USAGE}`)
    if (option === '-zk-tls-config-file') tlsFile = value
    else if (option === '-timeout' && /^\d+$/.test(value)) timeoutMs = Number(value)
    else throw new UsageError(`${option} ${value} is not understood\n${USAGE}`)
  }
  return { server, timeoutMs, tlsFile, command: rest }
}

/** Connects to where the arguments say, or to another server with the same credentials. */
function connector(options: Arguments): (server?: string) => Promise<ZooKeeperClient> {
  const platform = nodePlatform()
  const tls = options.tlsFile === undefined ? undefined : readTls(options.tlsFile)
  const sasl = shellLogin()
  let current = options.server
  return async (server = current) => {
    current = server
    try {
      return await ZooKeeperClient.connect({
        platform,
        logger: silentLogger,
        connect: server,
        sessionTimeoutMs: options.timeoutMs,
        connectionTimeoutMs: options.timeoutMs,
        sasl,
        openHost: (host, timeoutMs) => platform.network.connect({ ...host, timeoutMs, tls }),
      })
    } catch (error) {
      if (error instanceof ZooKeeperError && error.code === ZooKeeperCode.AUTHFAILED) {
        throw new UsageError(error.message, { cause: error })
      }
      const reason = error instanceof Error ? error.message : String(error)
      const isExpected = error instanceof ZooKeeperError || reason.includes('connect')
      if (!isExpected) throw error
      throw new UsageError(`No ZooKeeper server answers at ${server}: ${reason}`, { cause: error })
    }
  }
}

/** A file of the settings `zookeeper.ssl.*`, as of a broker. */
function readTls(file: string): ConnectOptions['tls'] {
  try {
    return zookeeperTls(BrokerConfig.parse(readProperties(file)), nodePlatform().disk)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(`${file}: ${error.message}`)
  }
}

function printLines(streams: CommandStreams, lines: readonly string[]): void {
  for (const line of lines) streams.stdout.write(`${line}\n`)
}

async function runOne(
  shell: Shell,
  words: readonly string[],
  streams: CommandStreams,
): Promise<number> {
  const line = words.map((word) => (/[\s"']/.test(word) || word === '' ? quoted(word) : word))
  const output = await shell.run(line.join(' '))
  print(streams, output)
  return output.exitCode
}

function quoted(word: string): string {
  return word.includes('"') ? `'${word}'` : `"${word}"`
}

async function runAll(shell: Shell, streams: CommandStreams): Promise<number> {
  const prompt = 'isTTY' in streams.stdin && streams.stdin.isTTY === true ? '> ' : ''
  let exitCode = 0
  streams.stdout.write(prompt)
  for await (const lines of inputLines(streams.stdin)) {
    for (const line of lines) {
      const output = await runLine(shell, line.toString())
      print(streams, output)
      if (output.quit) return exitCode
      exitCode = output.exitCode
    }
    streams.stdout.write(prompt)
  }
  return exitCode
}

/** Where nobody answers, the shell goes on without a connection. */
async function runLine(shell: Shell, line: string): Promise<ShellOutput> {
  try {
    return await shell.run(line)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const output = new ShellOutput()
    output.err(error.message)
    output.exitCode = 1
    return output
  }
}

function print(streams: CommandStreams, output: ShellOutput): void {
  for (const { isError, text } of output.lines) {
    const stream = isError ? streams.stderr : streams.stdout
    stream.write(`${text}\n`)
  }
}
