// A client's settings as people have them for Kafka's tools (`--command-config FILE`,
// `--consumer-property k=v`): which server, as whom, how long to wait.
import { readFileSync } from 'node:fs'
import type { ClientOptions, ClientPlatform } from '../client/kafka-client.ts'
import { authenticateWith, type PasswordMechanism } from '../client/sasl.ts'
import { parseProperties } from '../config/properties.ts'
import { UsageError } from './command.ts'

export type Properties = ReadonlyMap<string, string>

/** Throws UsageError for a file that cannot be read. */
export function readPropertiesFile(file: string): Map<string, string> {
  try {
    return parseProperties(readFileSync(file, 'latin1'))
  } catch (error) {
    throw new UsageError(
      `Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** `k=v` each. Throws UsageError. */
export function parsePairs(pairs: readonly string[]): Map<string, string> {
  const properties = new Map<string, string>()
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    if (equals < 1) throw new UsageError(`Invalid command line properties: ${pair}`)
    properties.set(pair.slice(0, equals), pair.slice(equals + 1))
  }
  return properties
}

const TIMEOUTS = ['request.timeout.ms', 'default.api.timeout.ms'] as const

/** Options of a client. Throws UsageError that names the setting which cannot be used. */
export function clientOptions(
  bootstrap: string,
  properties: Properties,
  platform: ClientPlatform,
): ClientOptions {
  const [requestTimeoutMs, totalMs] = TIMEOUTS.map((name) => wholeNumber(properties, name))
  return {
    platform,
    bootstrap,
    clientId: properties.get('client.id') ?? 'ottla',
    requestTimeoutMs,
    retry: { totalMs: totalMs ?? 60_000 },
    prepare: authentication(properties, platform),
  }
}

export function wholeNumber(properties: Properties, name: string): number | undefined {
  const value = properties.get(name)
  if (value === undefined) return undefined
  if (!/^\d{1,15}$/.test(value)) {
    throw new UsageError(
      `Invalid value ${value} for configuration ${name}: a whole number is allowed`,
    )
  }
  return Number(value)
}

function authentication(
  properties: Properties,
  platform: ClientPlatform,
): ClientOptions['prepare'] {
  const protocol = (properties.get('security.protocol') ?? 'PLAINTEXT').toUpperCase()
  if (protocol === 'PLAINTEXT') return undefined
  if (protocol !== 'SASL_PLAINTEXT') {
    throw new UsageError(
      `Invalid value ${protocol} for configuration security.protocol: ` +
        'PLAINTEXT and SASL_PLAINTEXT are allowed',
    )
  }
  const mechanism = properties.get('sasl.mechanism') ?? 'GSSAPI'
  if (!isPasswordMechanism(mechanism)) {
    throw new UsageError(
      `Invalid value ${mechanism} for configuration sasl.mechanism: ` +
        'PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are allowed',
    )
  }
  const login = properties.get('sasl.jaas.config') ?? ''
  const username = loginValue(login, 'username')
  const password = loginValue(login, 'password')
  if (username === undefined || password === undefined) {
    throw new UsageError(
      'sasl.jaas.config must name a login module with username="…" password="…";',
    )
  }
  return authenticateWith({ mechanism, username, password }, platform.random)
}

function isPasswordMechanism(name: string): name is PasswordMechanism {
  return name === 'PLAIN' || name === 'SCRAM-SHA-256' || name === 'SCRAM-SHA-512'
}

function loginValue(login: string, name: string): string | undefined {
  const match = new RegExp(`\\b${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`).exec(login)
  return match?.[1]?.replaceAll(/\\(.)/g, '$1') ?? match?.[2]
}
