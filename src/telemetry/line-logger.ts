// Log lines as Kafka's log4j pattern prints them, or as JSON.
//
//   [2026-11-22 12:00:00,123] INFO Recovered 3 logs (kafka.log.LogManager)
import type { Logger } from './logger.ts'

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LineLoggerOptions {
  /** Takes one line without its end. */
  readonly write: (line: string) => void
  /** The wall clock. */
  readonly nowMs: () => number
  readonly format?: 'line' | 'json'
  /** What is below is left out. */
  readonly levels?: LogLevels
  readonly component?: string
}

const DEFAULT_LEVEL: LogLevel = 'INFO'

/** The least level that is written, for all components or for one; may change at any time. */
export class LogLevels {
  root: LogLevel
  readonly #ofComponent = new Map<string, LogLevel>()

  constructor(root: LogLevel = DEFAULT_LEVEL) {
    this.root = root
  }

  get(component: string): LogLevel {
    return this.#ofComponent.get(component) ?? this.root
  }

  /** Undefined: the component goes with the others again. */
  set(component: string, level: LogLevel | undefined): void {
    if (level === undefined) this.#ofComponent.delete(component)
    else this.#ofComponent.set(component, level)
  }

  isWritten(component: string, level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.get(component))
  }
}

class LineLogger implements Logger {
  readonly #options: LineLoggerOptions
  readonly #levels: LogLevels
  readonly #component: string

  constructor(options: LineLoggerOptions, levels: LogLevels, component: string) {
    this.#options = options
    this.#levels = levels
    this.#component = component
  }

  debug(message: string, error?: unknown): void {
    this.#log('DEBUG', message, error)
  }

  info(message: string, error?: unknown): void {
    this.#log('INFO', message, error)
  }

  warn(message: string, error?: unknown): void {
    this.#log('WARN', message, error)
  }

  error(message: string, error?: unknown): void {
    this.#log('ERROR', message, error)
  }

  named(component: string): Logger {
    return new LineLogger(this.#options, this.#levels, component)
  }

  #log(level: LogLevel, message: string, error: unknown): void {
    if (!this.#levels.isWritten(this.#component, level)) return
    const { write, nowMs, format } = this.#options
    const component = this.#component
    const stack = error === undefined ? undefined : describeError(error)
    if (format === 'json') {
      const time = new Date(nowMs()).toISOString()
      write(JSON.stringify({ time, level, component, message, error: stack }))
      return
    }
    const line = `[${localTime(nowMs())}] ${level} ${oneLine(message)} (${component})`
    write(stack === undefined ? line : `${line}\n${stack}`)
  }
}

/** Writes what the levels let through; errors follow with their stack. */
export function lineLogger(options: LineLoggerOptions): Logger {
  const levels = options.levels ?? new LogLevels()
  return new LineLogger(options, levels, options.component ?? 'ottla')
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? `${error.name}: ${error.message}`
  return error.cause === undefined ? own : `${own}\nCaused by: ${describeError(error.cause)}`
}

// A message with something of a client's in it must not look like two lines.
function oneLine(message: string): string {
  return message.replace(/[\r\n]+/g, ' ')
}

function localTime(nowMs: number): string {
  const date = new Date(nowMs)
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  const time = [two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join(':')
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
