// `ottla start [server.properties] [--override key=value]...`: one broker in the foreground, until it
// is told to stop.
import { parseArgs } from 'node:util'
import { BrokerStatus } from '../broker/broker-status.ts'
import { Broker } from '../broker/broker.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { HttpListener } from '../console/http-listener.ts'
import { startHttpServer } from '../console/http-server.ts'
import { nodePlatform } from '../platform/node/node-platform.ts'
import { lineLogger, LogLevels, LOG_LEVELS, type LogLevel } from '../telemetry/line-logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { UsageError, type Command, type CommandStreams } from './command.ts'
import { movedToFreePort } from './default-ports.ts'
import { isStartProblem } from './start-problem.ts'
import { parseSettings, readStartSettings, type StartSettings } from './start-settings.ts'
import { exitSoon, untilStopped } from './stop-signals.ts'
import { welcome } from './welcome.ts'

const USAGE = `ottla start [server.properties] [--override key=value]... [--log-level LEVEL] [--log-format line|json]
`

export const startCommand: Command = {
  async run(args, streams) {
    const options = readArguments(args)
    if (options.help) {
      streams.stdout.write(USAGE)
      return 0
    }
    const settings = readStartSettings(options.file, options.overrides)
    const notes: string[] = []
    const properties = await withFreePorts(settings, notes)
    const config = parseSettings(settings.file, properties)
    const logger = makeLogger(options, streams)
    for (const name of config.unknown)
      logger.warn(`The setting ${name} is not known; it is ignored.`)
    return runBroker({ config, logger, streams, notes, isDefault: settings.file === undefined })
  },
}

interface StartArguments {
  readonly file: string | undefined
  readonly overrides: readonly string[]
  readonly level: LogLevel
  readonly format: 'line' | 'json'
  readonly help: boolean
}

function readArguments(args: readonly string[]): StartArguments {
  let parsed
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        override: { type: 'string', multiple: true, default: [] },
        'log-level': { type: 'string' },
        'log-format': { type: 'string', default: 'line' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
  const { values, positionals } = parsed
  const [file, ...surplus] = positionals
  if (surplus.length > 0) throw new UsageError(`One file is enough: ${surplus.join(' ')}\n${USAGE}`)
  const format = values['log-format']
  if (format !== 'line' && format !== 'json') {
    throw new UsageError(`--log-format is line or json, not ${format}`)
  }
  // Without a file somebody tries it out and wants to see what to do next, not how it started.
  const levelName = (values['log-level'] ?? (file === undefined ? 'WARN' : 'INFO')).toUpperCase()
  const level = LOG_LEVELS.find((one) => one === levelName)
  if (level === undefined) throw new UsageError(`--log-level is one of ${LOG_LEVELS.join(', ')}`)
  return { file, overrides: values.override, level, format, help: values.help }
}

/** Ports that the user did not name move when somebody has them; each move is noted. */
async function withFreePorts(
  { properties, named, file }: StartSettings,
  notes: string[],
): Promise<Map<string, string>> {
  const moved = new Map(properties)
  const defaults: [string, string][] = [['ottla.http.listeners', '127.0.0.1:8080']]
  if (!moved.has('zookeeper.connect'))
    defaults.push(['ottla.zookeeper.listeners', '127.0.0.1:2181'])
  if (file === undefined) defaults.push(['listeners', moved.get('listeners') ?? ''])
  for (const [name, address] of defaults) {
    if (named.has(name)) continue
    const free = await movedToFreePort(address)
    if (free.moved === undefined) continue
    moved.set(name, free.address)
    notes.push(`Port ${free.moved.from} is in use; ${name} is ${free.address} instead.`)
  }
  return moved
}

function makeLogger(options: StartArguments, { stdout }: CommandStreams): Logger {
  return lineLogger({
    write: (line) => stdout.write(`${line}\n`),
    nowMs: Date.now,
    format: options.format,
    levels: new LogLevels(options.level),
    component: 'kafka.server.KafkaServer',
  })
}

interface Run {
  readonly config: BrokerConfig
  readonly logger: Logger
  readonly streams: CommandStreams
  readonly notes: readonly string[]
  readonly isDefault: boolean
}

async function runBroker(run: Run): Promise<number> {
  const { config, logger, streams } = run
  const platform = nodePlatform()
  const metrics = new Metrics(() => platform.clock.monotonicMs())
  const status = new BrokerStatus()
  await using undo = new AsyncDisposableStack()
  let failed: Promise<Error>
  try {
    for (const server of await startHttp(config, metrics, status)) undo.defer(() => server.close())
    const broker = await Broker.start({ config, platform, logger, metrics, status })
    undo.defer(() => broker.close())
    failed = broker.failed
    streams.stdout.write(welcome(broker, config, run.notes, run.isDefault))
  } catch (error) {
    if (!isStartProblem(error)) throw error
    throw new UsageError(`Cannot start: ${error.message}`)
  }
  const failure = await Promise.race([untilStopped(), failed])
  logger.info('Stopping.')
  if (failure !== undefined) exitSoon()
  return failure === undefined ? 0 : 1
}

async function startHttp(
  config: BrokerConfig,
  metrics: Metrics,
  status: BrokerStatus,
): Promise<HttpListener[]> {
  const servers: HttpListener[] = []
  for (const listener of config.get('ottla.http.listeners')) {
    const colon = listener.lastIndexOf(':')
    const address = { host: listener.slice(0, colon), port: Number(listener.slice(colon + 1)) }
    const server = await startHttpServer(address, {
      metrics: () => metrics.render(),
      readiness: () => ({ ready: status.phase === 'running', detail: status.detail }),
    })
    servers.push(server)
  }
  return servers
}
