// Every setting of a broker and of a topic.
import { brokerSettings } from '../../src/config/broker-settings.ts'
import type { Setting } from '../../src/config/setting.ts'
import { topicSettings } from '../../src/config/topic-settings.ts'
import { code, page, table } from './table.ts'

const OWN = 'ottla.'

export function settingsPage(): string {
  const broker = entriesOf(brokerSettings)
  const isOwn = ([name]: Entry): boolean => name.startsWith(OWN)
  const about =
    'Settings of `server.properties`. *Update* says where a running broker takes a new value: for ' +
    'itself (per-broker), also for the whole cluster (cluster-wide), or only when it starts.'
  return page(
    'Settings',
    about,
    ['## Own settings', '', ...brokerTable(broker.filter(isOwn))],
    ["## Kafka's broker settings", '', ...brokerTable(broker.filter((entry) => !isOwn(entry)))],
    ['## Topic settings', '', ...topicTable(entriesOf(topicSettings))],
  )
}

type Entry = [name: string, setting: Setting<unknown>]

function entriesOf(settings: Readonly<Record<string, Setting<unknown>>>): Entry[] {
  return Object.entries(settings)
    .filter(([, { isInternal }]) => !isInternal)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function brokerTable(entries: readonly Entry[]): string[] {
  const rows = entries.map(([name, setting]) => [
    ...common(name, setting),
    setting.update,
    setting.doc,
  ])
  return table(['Setting', 'Type', 'Default', 'Allowed', 'Update', 'What it does'], rows)
}

function topicTable(entries: readonly Entry[]): string[] {
  const rows = entries.map(([name, setting]) => {
    const synonyms = setting.synonyms.map((one) => code(one.name)).join(', ')
    return [...common(name, setting), synonyms, setting.doc]
  })
  return table(['Setting', 'Type', 'Default', 'Allowed', 'Default from', 'What it does'], rows)
}

function common(name: string, { type, defaultText, allowed }: Setting<unknown>): string[] {
  const shown = defaultText === null ? '' : code(defaultText === '' ? ' ' : defaultText)
  return [code(name), type, defaultText === '' ? '(empty)' : shown, allowed]
}
