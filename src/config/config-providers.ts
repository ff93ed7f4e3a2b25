// Values that stand elsewhere: `${file:/etc/secrets.properties:password}`, `${env:PASSWORD}`,
// `${dir:/run/secrets:password}`. Only the three providers that come with Kafka are known, by their
// class names in `config.providers.<name>.class`.
import { ConfigError } from './config-error.ts'
import { parseList } from './parse-value.ts'
import { parseProperties } from './properties.ts'

/** Where providers look; the caller has the disk and the environment. */
export interface ProviderSources {
  /** Throws when the file cannot be read. */
  readFile(path: string): string
  environment(name: string): string | undefined
}

type Provider = (path: string, key: string) => string | undefined

const CLASSES: ReadonlyMap<string, (sources: ProviderSources) => Provider> = new Map([
  [
    'org.apache.kafka.common.config.provider.FileConfigProvider',
    (sources) => (path, key) => parseProperties(sources.readFile(path)).get(key),
  ],
  [
    'org.apache.kafka.common.config.provider.DirectoryConfigProvider',
    (sources) => (path, key) =>
      key.includes('/') || key === '..' ? undefined : sources.readFile(`${path}/${key}`),
  ],
  [
    'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
    (sources) => (_path, key) => sources.environment(key),
  ],
])

const REFERENCE = /\$\{([^}:]{1,255}):(?:([^}:]{0,4096}):)?([^}]{1,4096})\}/g

/** The properties with every reference replaced. Throws ConfigError when one cannot be. */
export function resolveProviders(
  properties: ReadonlyMap<string, string>,
  sources: ProviderSources,
): Map<string, string> {
  const providers = readProviders(properties, sources)
  const resolved = new Map(properties)
  if (providers.size === 0) return resolved
  for (const [name, value] of properties) {
    const text = value.replace(REFERENCE, (whole, provider: string, path: string, key: string) => {
      const known = providers.get(provider)
      return known === undefined ? whole : lookUp(known, name, whole, path, key)
    })
    resolved.set(name, text)
  }
  return resolved
}

function lookUp(
  provider: Provider,
  name: string,
  reference: string,
  path: string | undefined,
  key: string,
): string {
  try {
    const value = provider(path ?? '', key)
    if (value !== undefined) return value
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`Cannot read ${reference} for configuration ${name}: ${reason}`, name)
  }
  throw new ConfigError(`Nothing is found at ${reference} for configuration ${name}`, name)
}

function readProviders(
  properties: ReadonlyMap<string, string>,
  sources: ProviderSources,
): Map<string, Provider> {
  const providers = new Map<string, Provider>()
  for (const name of parseList(properties.get('config.providers') ?? '')) {
    const setting = `config.providers.${name}.class`
    const className = properties.get(setting)
    const make = CLASSES.get(className ?? '')
    if (make === undefined) {
      const allowed = [...CLASSES.keys()].join(', ')
      throw new ConfigError(
        `Invalid value ${className ?? 'null'} for configuration ${setting}: must be one of ${allowed}`,
        setting,
      )
    }
    providers.set(name, make(sources))
  }
  return providers
}
