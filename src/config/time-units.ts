// Times that may be given in several units: the finest that is set counts.

/** A setting and how many of the finest unit one of its own is. */
export interface Unit {
  readonly name: string
  readonly factor: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export const RETENTION: readonly Unit[] = [
  { name: 'log.retention.ms', factor: 1 },
  { name: 'log.retention.minutes', factor: MINUTE_MS },
  { name: 'log.retention.hours', factor: HOUR_MS },
]

export const ROLL: readonly Unit[] = [
  { name: 'log.roll.ms', factor: 1 },
  { name: 'log.roll.hours', factor: HOUR_MS },
]

export const ROLL_JITTER: readonly Unit[] = [
  { name: 'log.roll.jitter.ms', factor: 1 },
  { name: 'log.roll.jitter.hours', factor: HOUR_MS },
]

/** The first that has a text, in the finest unit; a negative time of several units is -1. */
export function inFirstUnit(
  units: readonly Unit[],
  textOf: (name: string) => string | null,
): string | null {
  for (const { name, factor } of units) {
    const text = textOf(name)
    if (text === null) continue
    if (units.length === 1) return text
    return Number(text) < 0 ? '-1' : factor === 1 ? text : String(Number(text) * factor)
  }
  return null
}
