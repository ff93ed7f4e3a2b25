// Which APIs are served, at which versions.
import { handlersByKey } from '../../src/broker/handlers/all.ts'
import { apis, zkBrokerKeys } from '../../src/wire/messages/all.ts'
import { page, table } from './table.ts'

export function protocolPage(): string {
  const served = [...handlersByKey.values()].toSorted((a, b) => a.key - b.key)
  const rows = served.map(({ key, name, minVersion, maxVersion }) => {
    const flexible = apis.get(key)?.flexible ?? Infinity
    return [
      `${key}`,
      name,
      minVersion === maxVersion ? `${minVersion}` : `${minVersion} to ${maxVersion}`,
      flexible > maxVersion ? '' : `${flexible}`,
    ]
  })
  const about =
    'What ApiVersions answers: each API by its key, with the versions that are served and the first ' +
    'that is flexible (compact lengths and tagged fields).'
  return page(
    'Protocol',
    about,
    table(['Key', 'API', 'Versions', 'Flexible from'], rows),
    missing(),
  )
}

/** What a 3.9 broker in ZooKeeper mode serves and this one does not. */
function missing(): string[] {
  const names = zkBrokerKeys
    .filter((key) => !handlersByKey.has(key))
    .map((key) => `${apis.get(key)?.name ?? ''} (${key})`)
  if (names.length === 0) return ['Kafka 3.9 in ZooKeeper mode serves no others.']
  return [`Kafka 3.9 in ZooKeeper mode also lists: ${names.join(', ')}.`]
}
