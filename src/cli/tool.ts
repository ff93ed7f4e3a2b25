// What the tools that talk to a cluster have in common: reading options, `--help` and `--version`,
// a client that lives as long as the command, and the ways in which Kafka's tools report a failure.
import { nodePlatform } from '../platform/node/node-platform.ts'
import { KafkaClient } from '../client/kafka-client.ts'
import { KafkaError } from '../wire/errors.ts'
import { SOFTWARE_VERSION } from '../client/software.ts'
import { clientOptions, readPropertiesFile, type Properties } from './client-properties.ts'
import { UsageError, type Command, type CommandStreams } from './command.ts'
import { OptionProblem, readOptions, type OptionTable, type Options } from './options.ts'
import { usageOf } from './usage.ts'

/** The version of Kafka whose tools these stand in for. */
export const KAFKA_VERSION = '3.9.1'

export type NamesOf<Table> = Extract<keyof Table, string>

export interface ToolDefinition<Table extends OptionTable> {
  readonly description: string
  readonly options: Table
  run(options: Options<NamesOf<Table>>, streams: CommandStreams): Promise<number>
  /** Prints a failure of `run` or of reading options; the exit code, undefined to leave it alone. */
  report?(error: unknown, streams: CommandStreams): number | undefined
  /** Whether a tool without arguments explains itself. */
  readonly needsArguments?: boolean
}

/** Arguments do not go together: printed with the usage after it. */
export class UsageProblem extends Error {
  override readonly name = 'UsageProblem'
}

/** The tool has failed; the message is all that is printed, on standard error. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure'
}

/** A command of a tool's definition. */
export function tool<Table extends OptionTable>(definition: ToolDefinition<Table>): Command {
  return {
    async run(args, streams) {
      const usage = usageOf(definition.options)
      try {
        if (args.includes('--help') || (definition.needsArguments === true && args.length === 0)) {
          streams.stderr.write(`${definition.description}\n${usage}`)
          return 1
        }
        if (args.includes('--version')) {
          streams.stdout.write(`${KAFKA_VERSION} (ottla ${SOFTWARE_VERSION})\n`)
          return 0
        }
        return await definition.run(readOptions(definition.options, args), streams)
      } catch (error) {
        return reportProblem(definition, error, usage, streams)
      }
    },
  }
}

function reportProblem<Table extends OptionTable>(
  definition: ToolDefinition<Table>,
  error: unknown,
  usage: string,
  streams: CommandStreams,
): number {
  if (error instanceof UsageProblem) {
    streams.stderr.write(`${error.message}\n${usage}`)
    return 1
  }
  if (error instanceof ToolFailure || error instanceof UsageError) {
    streams.stderr.write(`${error.message}\n`)
    return 1
  }
  const code = definition.report?.(error, streams)
  if (code !== undefined) return code
  if (error instanceof OptionProblem) {
    streams.stderr.write(`${error.message}\n${usage}`)
    return 1
  }
  if (!(error instanceof KafkaError)) throw error
  streams.stderr.write(`${error.message}\n`)
  return 1
}

/** The value of an option that must be there. Throws UsageProblem. */
export function required<Name extends string>(options: Options<Name>, name: Name): string {
  const value = options.text(name)
  if (value === undefined) throw new UsageProblem(`Missing required argument "[${name}]"`)
  return value
}

/** Runs with a client of the cluster at `bootstrap`, which is closed afterwards. */
export async function withClient<T>(
  bootstrap: string,
  properties: Properties,
  use: (client: KafkaClient) => Promise<T>,
): Promise<T> {
  const platform = nodePlatform()
  let options
  try {
    options = clientOptions(bootstrap, properties, platform)
    const client = await KafkaClient.connect(options)
    try {
      return await use(client)
    } finally {
      client.close()
    }
  } catch (error) {
    if (error instanceof Error && error.message.includes('bootstrap server')) {
      throw new ToolFailure(error.message, { cause: error })
    }
    throw error
  }
}

/** What a `--command-config` file says; nothing without one. */
export function propertiesOf(file: string | undefined): Properties {
  return file === undefined ? new Map() : readPropertiesFile(file)
}

/** A line of a Kafka tool's log, which goes to standard error. */
export function logLine(level: 'ERROR' | 'WARN', message: string, source: string): string {
  const time = new Date()
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0')
  const date = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`
  const clock = `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`
  return `[${date} ${clock},${pad(time.getMilliseconds(), 3)}] ${level} ${message} (${source})\n`
}

/** One JSON document, on a line of its own. */
export function printJson(streams: CommandStreams, value: unknown): void {
  streams.stdout.write(`${JSON.stringify(value)}\n`)
}
