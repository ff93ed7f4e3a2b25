// The real Apache Kafka 3.9 in ZooKeeper mode as processes, and its tools: what this project is
// compared with, where Java and Maven are.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kafkaJars, type JarSet, type KafkaVersion } from '../../scripts/kafka-jars.ts'
import { ApiVersions } from '../../src/wire/messages/18-api-versions.ts'
import { until } from './until.ts'
import { Wire } from './wire.ts'

export type Settings = Readonly<Record<string, string>>

/** False where the jars are; else what is missing. */
export function missingKafka(version: JarSet): string | false {
  return kafkaJars(version).missing ?? false
}

/** Resolves once something there speaks the protocol. */
export async function untilServing(port: number, child: ChildProcess): Promise<void> {
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`the process ended: ${child.exitCode}`)
      try {
        using wire = await Wire.open({ host: '127.0.0.1', port })
        await wire.ask(ApiVersions, 0, {})
        return true
      } catch {
        return false
      }
    },
    `an answer on port ${port}`,
    60_000,
  )
}

export function writeProperties(file: string, settings: Settings): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  writeFileSync(file, `${lines.join('\n')}\n`)
}

/** Ends a process in order, or at once; resolves when it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** A class of Apache Kafka or ZooKeeper as a process, its warnings in NAME.log. */
export function startJava(
  directory: string,
  name: string,
  args: readonly string[],
  jars: JarSet = '3.9',
): ChildProcess {
  const { classPath } = kafkaJars(jars)
  if (classPath === undefined) throw new Error(`the jars of ${jars} are missing`)
  mkdirSync(directory, { recursive: true })
  const logging = join(directory, `${name}-log4j.properties`)
  writeProperties(logging, {
    'log4j.rootLogger': 'WARN, file',
    'log4j.appender.file': 'org.apache.log4j.FileAppender',
    'log4j.appender.file.File': join(directory, `${name}.log`),
    'log4j.appender.file.layout': 'org.apache.log4j.PatternLayout',
    'log4j.appender.file.layout.ConversionPattern': '%d %p %c %m%n',
  })
  const options = ['-Xmx512M', '-XX:+UseSerialGC', `-Dlog4j.configuration=file:${logging}`]
  return spawn('java', [...options, '-cp', classPath, ...args], { stdio: 'ignore' })
}

/** Apache ZooKeeper on that port, with its data below `directory`. */
export function startZooKeeper(directory: string, port: number): ChildProcess {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'zookeeper.properties')
  writeProperties(file, {
    dataDir: join(directory, 'zookeeper'),
    clientPort: String(port),
    clientPortAddress: '127.0.0.1',
    // Sessions may be as short as two ticks.
    tickTime: '500',
    maxClientCnxns: '0',
    'admin.enableServer': 'false',
  })
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  return startJava(directory, 'zookeeper', [main, file])
}

/** Apache Kafka's broker; resolves when it serves. */
export async function startKafka(
  directory: string,
  port: number,
  settings: Settings,
): Promise<ChildProcess> {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'kafka.properties')
  writeProperties(file, { listeners: `PLAINTEXT://127.0.0.1:${port}`, ...settings })
  const child = startJava(directory, 'kafka', ['kafka.Kafka', file])
  await untilServing(port, child)
  return child
}

/** What the broker of `startKafka` has logged: warnings and errors. */
export function kafkaLog(directory: string): string {
  const file = join(directory, 'kafka.log')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

export interface ToolResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a class of Apache Kafka, such as org.apache.kafka.tools.TopicCommand, to its end. */
export async function runTool(
  version: KafkaVersion,
  main: string,
  args: readonly string[],
  input = '',
): Promise<ToolResult> {
  const { classPath = '' } = kafkaJars(version)
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
  const options = ['-Xmx256M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', quiet]
  return runCommand('java', [...options, '-cp', classPath, main, ...args], input)
}

/** Runs a command to its end, with `input` as its stdin. */
export async function runCommand(
  command: string,
  args: readonly string[],
  input = '',
  timeoutMs = 60_000,
): Promise<ToolResult> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  // A command that ends before it has read everything is judged by its exit code.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { code: typeof code === 'number' ? code : -1, stdout, stderr }
}
