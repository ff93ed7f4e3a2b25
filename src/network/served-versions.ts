// Header versions of the APIs that a broker serves, from the declarations of the protocol.
import { apis } from '../wire/messages/all.ts'
import type { HeaderVersionOf } from './request-header.ts'

/** An API and the versions of it that are answered. */
export interface ServedApi {
  readonly key: number
  readonly minVersion: number
  readonly maxVersion: number
}

const API_VERSIONS = 18
/** Versions that the table has room for, of each key. */
const ROW = 32
const FLEXIBLE_HEADER = 2
const NOT_SERVED = -1

/** For `Listeners.serve`: everything that is not in `served` costs the connection. */
export function headerVersionsOf(served: Iterable<ServedApi>): HeaderVersionOf {
  const list = [...served]
  const keys = list.reduce((most, { key }) => Math.max(most, key + 1), API_VERSIONS + 1)
  const table = new Int8Array(keys * ROW).fill(NOT_SERVED)
  for (const { key, minVersion, maxVersion } of list) {
    const api = apis.get(key)
    for (let version = minVersion; version <= maxVersion; version += 1) {
      table[key * ROW + version] = api?.requestHeaderVersion(version) ?? NOT_SERVED
    }
  }
  return (apiKey, apiVersion) => {
    if (apiKey < 0 || apiKey >= keys || apiVersion < 0) return NOT_SERVED
    const version = apiVersion < ROW ? table[apiKey * ROW + apiVersion]! : NOT_SERVED
    return version < 0 && apiKey === API_VERSIONS ? FLEXIBLE_HEADER : version
  }
}
