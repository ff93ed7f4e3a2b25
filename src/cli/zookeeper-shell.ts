// `ottla zookeeper-shell HOST:PORT [command]`, Kafka's zookeeper-shell.sh: one command, or one per
// line of standard input.
import { nodePlatform } from '../platform/node/node-platform.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { ZooKeeperClient } from '../zookeeper/client.ts'
import { ZooKeeperError } from '../zookeeper/errors.ts'
import {
  CONNECTED_LINES,
  formatWatchEvent,
  runShellCommand,
  shellUsage,
} from '../zookeeper/shell.ts'
import { UsageError, type Command, type CommandStreams } from './command.ts'
import { inputLines } from './input-lines.ts'

const SESSION_TIMEOUT_MS = 30_000
const CONNECTION_TIMEOUT_MS = 30_000
const DEFAULT_SERVER = 'localhost:2181'

export const zookeeperShellCommand: Command = {
  async run(args, streams) {
    const words = args[0] === '-server' ? args.slice(1) : args
    if (words[0] === '--help' || words[0] === '-h' || words.length === 0) {
      streams.stderr.write(`${shellUsage().join('\n')}\n`)
      return words.length === 0 ? 1 : 0
    }
    const [server = DEFAULT_SERVER, ...rest] = words
    streams.stdout.write(`Connecting to ${server}\n`)
    const client = await connect(server)
    const stopWatching = client.onWatch((event) => printLines(streams, formatWatchEvent(event)))
    try {
      if (rest.length > 0) return await runOne(client, rest, streams)
      return await runAll(client, streams)
    } finally {
      stopWatching()
      await client.close()
    }
  },
}

async function connect(server: string): Promise<ZooKeeperClient> {
  try {
    return await ZooKeeperClient.connect({
      platform: nodePlatform(),
      logger: silentLogger,
      connect: server,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      connectionTimeoutMs: CONNECTION_TIMEOUT_MS,
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const isExpected = error instanceof ZooKeeperError || reason.includes('connect')
    if (!isExpected) throw error
    throw new UsageError(`No ZooKeeper server answers at ${server}: ${reason}`, { cause: error })
  }
}

function printLines(streams: CommandStreams, lines: readonly string[]): void {
  for (const line of lines) streams.stdout.write(`${line}\n`)
}

async function runOne(
  client: ZooKeeperClient,
  words: readonly string[],
  streams: CommandStreams,
): Promise<number> {
  const line = words.map((word) => (/[\s"']/.test(word) || word === '' ? quoted(word) : word))
  const output = await runShellCommand(client, line.join(' '))
  // A command that cannot be read is refused before the connection is told of.
  if (output.exitCode !== 127) printLines(streams, CONNECTED_LINES)
  print(streams, output)
  return output.exitCode
}

function quoted(word: string): string {
  return word.includes('"') ? `'${word}'` : `"${word}"`
}

async function runAll(client: ZooKeeperClient, streams: CommandStreams): Promise<number> {
  const prompt = 'isTTY' in streams.stdin && streams.stdin.isTTY === true ? '> ' : ''
  streams.stdout.write('Welcome to ZooKeeper!\nJLine support is disabled\n')
  printLines(streams, CONNECTED_LINES)
  let exitCode = 0
  streams.stdout.write(prompt)
  for await (const lines of inputLines(streams.stdin)) {
    for (const line of lines) {
      const output = await runShellCommand(client, line.toString())
      print(streams, output)
      if (output.quit) return exitCode
      exitCode = output.exitCode
    }
    streams.stdout.write(prompt)
  }
  return exitCode
}

function print(
  streams: CommandStreams,
  output: { readonly stdout: readonly string[]; readonly stderr: readonly string[] },
): void {
  printLines(streams, output.stdout)
  for (const line of output.stderr) streams.stderr.write(`${line}\n`)
}
