// Limits of settings that are more than a range or a choice.
import type { Check } from './setting.ts'

export const nonEmpty: Check<string> = (value) =>
  value === '' ? 'String must be non-empty' : undefined

/** The pools of remote storage: a number of threads, or -1 for another setting's. */
export const threadsOrInherited: Check<number> = (value) =>
  value < -1 || value === 0 ? 'Value can be -1 or greater than 0' : undefined

export const gzipLevel: Check<number> = (value) =>
  value === -1 || (value >= 1 && value <= 9)
    ? undefined
    : 'Value must be between 1 and 9 or equal to -1'

/** How many development versions (`-IV0` and on) each release had. */
const RELEASES: ReadonlyMap<string, number> = new Map([
  ...['0.8.0', '0.8.1', '0.8.2', '0.9.0'].map((release) => [release, 0] as const),
  ...Object.entries({ '0.10.0': 2, '0.10.1': 3, '0.10.2': 1, '0.11.0': 3, '1.0': 1, '1.1': 1 }),
  ...Object.entries({ '2.0': 2, '2.1': 3, '2.2': 2, '2.3': 2, '2.4': 2, '2.5': 1, '2.6': 1 }),
  ...Object.entries({ '2.7': 3, '2.8': 2, '3.0': 2, '3.1': 1, '3.2': 1, '3.3': 4, '3.4': 1 }),
  ...Object.entries({ '3.5': 3, '3.6': 3, '3.7': 5, '3.8': 1, '3.9': 1 }),
])

const VERSION = /^(0\.[0-9]{1,2}\.[0-9]|[1-9]\.[0-9])(?:\.[0-9]{1,3}){0,2}(?:-IV([0-9]))?$/

/** A release, one of its fixes, or one of its development versions. */
export const kafkaVersion: Check<string> = (value) => {
  const [, release = '', development] = VERSION.exec(value) ?? []
  const count = RELEASES.get(release)
  const isKnown = count !== undefined && Number(development ?? -1) < count
  return isKnown ? undefined : `Version ${value} is not a valid version`
}

export const caseInsensitively =
  (...allowed: readonly string[]): Check<string> =>
  (value) =>
    allowed.includes(value.toLowerCase())
      ? undefined
      : `String must be one of (case insensitive): ${allowed.map((one) => one.toUpperCase()).join(', ')}`

const REPLICA = /^([0-9]{1,10}:[0-9]{1,10})?$/

/** `*`, or partitions with their brokers: `0:1,0:2,1:1`. */
export const throttledReplicas: Check<readonly string[]> = (value, setting) =>
  value[0]?.trim() === '*' || value.every((one) => REPLICA.test(one))
    ? undefined
    : `${setting} must be the literal '*' or a list of replicas in the following format: ` +
      '[partitionId]:[brokerId],[partitionId]:[brokerId],...'
