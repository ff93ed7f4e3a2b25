// How a line of input becomes a record: `headers<delimiter>key<separator>value`, as Kafka's
// LineMessageReader reads it.
import type { RecordToSend } from '../client/producer.ts'
import type { Properties } from './client-properties.ts'

/** A line or a property that cannot be used, in Kafka's words. */
export class LineProblem extends Error {
  override readonly name = 'LineProblem'
}

interface Settings {
  readonly parseKey: boolean
  readonly parseHeaders: boolean
  readonly keySeparator: string
  readonly headersDelimiter: string
  readonly headersSeparator: string
  readonly headersKeySeparator: string
  readonly nullMarker: string | undefined
  readonly ignoreError: boolean
}

type Headers = { key: string; value: Buffer | null }[]

/** Reads the properties once. Throws LineProblem for those that contradict each other. */
export function lineReader(topic: string, properties: Properties): (line: Buffer) => RecordToSend {
  const settings = readSettings(properties)
  const { parseKey, parseHeaders } = settings
  const marker = settings.nullMarker === undefined ? undefined : Buffer.from(settings.nullMarker)
  if (!parseKey && !parseHeaders && marker === undefined) {
    return (line) => ({ topic, key: null, value: line })
  }
  let lineNumber = 0
  const orNull = (bytes: Buffer): Buffer | null =>
    marker !== undefined && bytes.equals(marker) ? null : bytes
  const cut = (line: Buffer, start: number, at: string, name: string): Buffer | undefined => {
    const end = line.indexOf(at, start)
    if (end >= 0) return line.subarray(start, end)
    if (settings.ignoreError) return undefined
    throw new LineProblem(`No ${name} found on line number ${lineNumber}: '${line.toString()}'`)
  }
  return (line) => {
    lineNumber++
    let start = 0
    let headers: Headers = []
    if (parseHeaders) {
      const part = cut(line, start, settings.headersDelimiter, 'headers delimiter')
      if (part !== undefined) {
        start += part.length + Buffer.byteLength(settings.headersDelimiter)
        if (orNull(part) !== null) headers = readHeaders(part.toString(), settings, lineNumber)
      }
    }
    let key: Buffer | null = null
    if (parseKey) {
      const part = cut(line, start, settings.keySeparator, 'key separator')
      if (part !== undefined) {
        start += part.length + Buffer.byteLength(settings.keySeparator)
        key = orNull(part)
      }
    }
    return { topic, key, value: orNull(line.subarray(start)), headers }
  }
}

function readSettings(properties: Properties): Settings {
  const flag = (name: string): boolean =>
    (properties.get(name) ?? 'false').trim().toLowerCase() === 'true'
  const settings = {
    parseKey: flag('parse.key'),
    parseHeaders: flag('parse.headers'),
    keySeparator: properties.get('key.separator') ?? '\t',
    headersDelimiter: properties.get('headers.delimiter') ?? '\t',
    headersSeparator: properties.get('headers.separator') ?? ',',
    headersKeySeparator: properties.get('headers.key.separator') ?? ':',
    nullMarker: properties.get('null.marker'),
    ignoreError: flag('ignore.error'),
  }
  const parts: [string, string][] = [
    ['headers.delimiter', settings.headersDelimiter],
    ['headers.separator', settings.headersSeparator],
    ['headers.key.separator', settings.headersKeySeparator],
  ]
  for (const [index, [name, value]] of parts.entries()) {
    const same = parts.slice(index + 1).find(([, other]) => other === value)
    if (same !== undefined) throw new LineProblem(`${name} and ${same[0]} may not be equal`)
    if (value === settings.nullMarker) {
      throw new LineProblem(`null.marker and ${name} may not be equal`)
    }
  }
  if (settings.keySeparator === settings.nullMarker) {
    throw new LineProblem('null.marker and key.separator may not be equal')
  }
  return settings
}

function readHeaders(text: string, settings: Settings, lineNumber: number): Headers {
  const { headersSeparator, headersKeySeparator, nullMarker, ignoreError } = settings
  return text.split(headersSeparator).map((pair) => {
    const index = pair.indexOf(headersKeySeparator)
    if (index < 0) {
      if (ignoreError) return { key: pair, value: null }
      throw new LineProblem(
        `No header key separator found in pair '${pair}' on line number ${lineNumber}`,
      )
    }
    const key = pair.slice(0, index)
    if (key === nullMarker) {
      throw new LineProblem(
        `Header keys should not be equal to the null marker '${nullMarker}' as they can't be null`,
      )
    }
    const value = pair.slice(index + headersKeySeparator.length)
    return { key, value: value === nullMarker ? null : Buffer.from(value) }
  })
}
