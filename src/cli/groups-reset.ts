// `ottla consumer-groups --reset-offsets`: where a group will go on reading.
//
// Always: nothing is written without --execute, and never for a group that has members.
import { readFileSync } from 'node:fs'
import { Admin, OffsetSpec } from '../client/admin.ts'
import type { GroupAdmin } from '../client/group-admin.ts'
import { throwFirst, type TopicPartition } from '../client/partition-leaders.ts'

import { UsageError, type CommandStreams } from './command.ts'
import { placesOf } from './groups-delete.ts'
import { describeGroup } from './groups-describe.ts'
import { SCENARIOS, type GroupOptions } from './groups-options.ts'
import { parseDateTime, parseDuration } from './groups-times.ts'
import { OptionProblem } from './options.ts'
import { UsageProblem, logLine, printJson } from './tool.ts'

interface Target extends TopicPartition {
  readonly offset: number
}

interface Bounds {
  readonly earliest: ReadonlyMap<string, number>
  readonly latest: ReadonlyMap<string, number>
}

const SOURCE = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'

export async function resetOffsets(
  admin: GroupAdmin,
  groups: readonly string[],
  options: GroupOptions,
  streams: CommandStreams,
): Promise<void> {
  const results: { group: string; targets: Target[] }[] = []
  for (const id of groups) {
    const { state } = await describeGroup(admin, id)
    if (state !== 'Empty' && state !== 'Dead') {
      streams.stdout.write(
        `\nError: Assignments can only be reset if the group '${id}' is inactive, but the current state is ${state}.\n`,
      )
      results.push({ group: id, targets: [] })
      continue
    }
    const targets = await plan(admin, id, options, streams)
    if (options.has('execute') && targets.length > 0) throwFirst(await admin.commit(id, targets))
    results.push({ group: id, targets })
  }
  print(results, options, streams)
}

async function plan(
  admin: GroupAdmin,
  group: string,
  options: GroupOptions,
  streams: CommandStreams,
): Promise<Target[]> {
  const file = options.text('from-file')
  const warn = (line: string): void => {
    streams.stderr.write(logLine('WARN', line, SOURCE))
  }
  if (file !== undefined) {
    const wanted = readTargets(file).filter((row) => row.group === undefined || row.group === group)
    const bounds = await boundsOf(admin, wanted)
    return wanted.map((row) => ({ ...row, offset: within(row, row.offset, bounds, warn) }))
  }
  const places = await placesToReset(admin, group, options)
  if (options.given(SCENARIOS).length === 0) {
    throw new UsageProblem(
      "Option '[reset-offsets]' requires one of the following scenarios: [[to-offset], [to-current], " +
        '[to-datetime], [from-file], [by-duration], [to-earliest], [to-latest], [shift-by]]',
    )
  }
  return scenario(admin, group, places, options, streams, warn)
}

async function placesToReset(
  admin: GroupAdmin,
  group: string,
  options: GroupOptions,
): Promise<TopicPartition[]> {
  if (options.has('all-topics')) {
    const committed = await admin.offsets(group, null)
    return committed.map(({ topic, partition }) => ({ topic, partition }))
  }
  if (options.has('topic')) return placesOf(admin, options.texts('topic'))
  throw new UsageProblem('One of the reset scopes should be defined: --all-topics, --topic.')
}

async function scenario(
  admin: GroupAdmin,
  group: string,
  places: readonly TopicPartition[],
  options: GroupOptions,
  streams: CommandStreams,
  warn: (line: string) => void,
): Promise<Target[]> {
  const bounds = await boundsOf(admin, places)
  const at = (map: ReadonlyMap<string, number>, place: TopicPartition): number =>
    map.get(keyOf(place)) ?? 0
  const [name] = options.given(SCENARIOS)
  switch (name) {
    case 'to-earliest':
      return places.map((place) => ({ ...place, offset: at(bounds.earliest, place) }))
    case 'to-latest':
      return places.map((place) => ({ ...place, offset: at(bounds.latest, place) }))
    case 'to-offset': {
      const offset = options.integer('to-offset') ?? 0
      return places.map((place) => ({ ...place, offset: within(place, offset, bounds, warn) }))
    }
    case 'shift-by':
    case 'to-current': {
      const shift = options.integer('shift-by')
      const current = await committedOf(admin, group, places)
      return places.map((place) => {
        const offset = current.get(keyOf(place))
        if (offset === undefined && shift !== undefined) {
          throw new OptionProblem(
            `Cannot shift offset for partition ${keyOf(place)} since there is no current committed offset`,
          )
        }
        if (offset === undefined) return { ...place, offset: at(bounds.latest, place) }
        return { ...place, offset: within(place, offset + (shift ?? 0), bounds, warn) }
      })
    }
    default: {
      const times = await atTime(admin, places, timeOf(options))
      for (const place of places) {
        if (times.has(keyOf(place))) continue
        streams.stdout.write(
          `\nWarn: Partition ${place.partition} from topic ${place.topic} is empty. Falling back to latest known offset.\n`,
        )
      }
      return places.map((place) => ({
        ...place,
        offset: times.get(keyOf(place)) ?? at(bounds.latest, place),
      }))
    }
  }
}

function timeOf(options: GroupOptions): number {
  const time = options.text('to-datetime')
  if (time !== undefined) return parseDateTime(time)
  return Date.now() - parseDuration(options.text('by-duration') ?? '')
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

async function atTime(
  admin: GroupAdmin,
  places: readonly TopicPartition[],
  timestamp: number,
): Promise<Map<string, number>> {
  const questions = places.map(({ topic, partition }) => ({ topic, partition, timestamp }))
  const outcomes = await new Admin(admin.client).listOffsets(questions)
  throwFirst(outcomes)
  // Without a record at that time there is no offset either.
  return new Map(
    outcomes.filter(({ offset }) => offset >= 0).map((outcome) => [keyOf(outcome), outcome.offset]),
  )
}

async function boundsOf(admin: GroupAdmin, places: readonly TopicPartition[]): Promise<Bounds> {
  return {
    earliest: await atTime(admin, places, OffsetSpec.earliest),
    latest: await atTime(admin, places, OffsetSpec.latest),
  }
}

async function committedOf(
  admin: GroupAdmin,
  group: string,
  places: readonly TopicPartition[],
): Promise<Map<string, number>> {
  const committed = await admin.offsets(group, places)
  return new Map(
    committed.filter(({ offset }) => offset >= 0).map((entry) => [keyOf(entry), entry.offset]),
  )
}

function within(
  place: TopicPartition,
  offset: number,
  { earliest, latest }: Bounds,
  warn: (line: string) => void,
): number {
  const lowest = earliest.get(keyOf(place)) ?? 0
  const highest = latest.get(keyOf(place)) ?? 0
  if (offset > highest) {
    warn(
      `New offset (${offset}) is higher than latest offset for topic partition ${keyOf(place)}. Value will be set to ${highest}`,
    )
    return highest
  }
  if (offset < lowest) {
    warn(
      `New offset (${offset}) is lower than earliest offset for topic partition ${keyOf(place)}. Value will be set to ${lowest}`,
    )
    return lowest
  }
  return offset
}

function readTargets(file: string): (Target & { readonly group: string | undefined })[] {
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(
      `Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
    const [offset = '', partition = '', topic = '', group] = cells.toReversed()
    const isSound =
      /^\d+$/.test(offset) && /^\d+$/.test(partition) && topic !== '' && cells.length < 5
    if (!isSound) {
      throw new UsageError(
        `${file}: ${line}: topic,partition,offset or group,topic,partition,offset is expected`,
      )
    }
    return { group, topic, partition: Number(partition), offset: Number(offset) }
  })
}

function print(
  results: readonly { group: string; targets: readonly Target[] }[],
  options: GroupOptions,
  streams: CommandStreams,
): void {
  const rows = results.flatMap(({ group, targets }) =>
    targets.map((target) => ({ group, ...target })),
  )
  if (options.wantsJson()) {
    printJson(
      streams,
      rows.map(({ group, topic, partition, offset }) => ({
        group,
        topic,
        partition,
        newOffset: offset,
      })),
    )
    return
  }
  if (options.has('export')) {
    const lines = rows.map(({ group, topic, partition, offset }) => {
      const cells = [topic, partition, offset]
      return `${(results.length > 1 ? [group, ...cells] : cells).join(',')}\n`
    })
    streams.stdout.write(`${lines.join('')}\n`)
    return
  }
  const cellsOf = (group: string, topic: string, partition: string, offset: string): string =>
    `${group.padEnd(30)} ${topic.padEnd(30)} ${partition.padEnd(10)} ${offset.padEnd(15)}`
  const lines = rows.map(({ group, topic, partition, offset }) =>
    cellsOf(group, topic, String(partition), String(offset)),
  )
  streams.stdout.write(`\n${cellsOf('GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET')}${lines.join('')}`)
}
