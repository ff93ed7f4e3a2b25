// What is said about a setting that cannot be, in the words that Kafka's users search for.

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** Name of the setting; undefined when the fault lies between several. */
  readonly setting: string | undefined

  constructor(message: string, setting?: string) {
    super(message)
    this.setting = setting
  }
}

/** `Invalid value 3 for configuration segment.bytes: Value must be at least 14`. */
export function invalidValue(setting: string, value: string, reason?: string): ConfigError {
  const message = `Invalid value ${value} for configuration ${setting}`
  return new ConfigError(reason === undefined ? message : `${message}: ${reason}`, setting)
}

/** Throws what a rule between several settings says when it is broken. */
export function require(isKept: boolean, rule: string): void {
  if (!isKept) throw new ConfigError(`requirement failed: ${rule}`)
}
