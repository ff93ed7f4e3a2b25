// Times and spans of time as `--to-datetime`, `--by-duration` take them (ISO 8601).
import { OptionProblem } from './options.ts'

const DATE_TIME =
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/
const DURATION = /^([+-]?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?$/i
const MS = { day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1000 } as const

/** Milliseconds since 1970; a time without a zone is UTC. */
export function parseDateTime(text: string): number {
  const match = DATE_TIME.exec(text)
  const zone = match?.[1] ?? ''
  const hours = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.replace(/(\d{2})(\d{2})$/, '$1:$2')
  const time = Date.parse(
    `${text.slice(0, text.length - zone.length)}${hours === '' ? 'Z' : hours}`,
  )
  if (match === null || Number.isNaN(time)) {
    throw new OptionProblem(`Unparseable date: "${text}"`)
  }
  return time
}

/** Milliseconds of `P7D`, `PT1H30M`. */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text)
  if (match === null || /[PT]$/i.test(text)) {
    throw new OptionProblem('Text cannot be parsed to a Duration')
  }
  const [, sign, days, hours, minutes, seconds, fraction] = match
  const total =
    Number(days ?? 0) * MS.day +
    Number(hours ?? 0) * MS.hour +
    Number(minutes ?? 0) * MS.minute +
    Number(seconds ?? 0) * MS.second +
    Math.trunc(Number(`0.${fraction ?? 0}`) * MS.second)
  return sign === '-' ? -total : total
}
