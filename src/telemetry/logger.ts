// Log lines. The default writer prints Kafka's log4j pattern, so that existing searches work;
// whoever embeds a broker passes a Logger of his own.

export interface Logger {
  debug(message: string, error?: unknown): void
  info(message: string, error?: unknown): void
  warn(message: string, error?: unknown): void
  error(message: string, error?: unknown): void
  /** The same sink under the name of a component, printed at the end of the line. */
  named(component: string): Logger
}

/** Says nothing: for tests and embedders who want silence. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  named: () => silentLogger,
}
