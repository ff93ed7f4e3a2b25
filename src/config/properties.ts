// Java's .properties files: what `server.properties` and `meta.properties` are written in.
//
//   # or ! begins a comment; a backslash at the end continues the line; key=value, key:value or
//   key value; \t \n \r \f and \uXXXX are escapes, any other escaped character is itself.

/** Later keys replace earlier ones. The text may come from a file in Latin-1 or UTF-8. */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const keyEnd = endOfKey(line)
    const key = unescape(line.slice(0, keyEnd))
    properties.set(key, unescape(valuePart(line.slice(keyEnd))))
  }
  return properties
}

/** The file that Java would write: a comment, then the entries in the order given. */
export function formatProperties(
  entries: Iterable<readonly [string, string]>,
  comments: readonly string[] = [],
): string {
  const lines = comments.map((comment) => `#${comment}`)
  for (const [key, value] of entries) lines.push(`${escape(key, true)}=${escape(value, false)}`)
  return `${lines.join('\n')}\n`
}

function* logicalLines(text: string): Iterable<string> {
  let pending = ''
  let isContinuation = false
  for (const natural of text.split(/\r\n|\n|\r/)) {
    const line = natural.replace(/^[ \t\f]+/, '')
    if (!isContinuation && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    isContinuation = endsWithOpenBackslash(line)
    pending += isContinuation ? line.slice(0, -1) : line
    if (isContinuation) continue
    if (pending !== '') yield pending
    pending = ''
  }
  if (pending !== '') yield pending
}

function endsWithOpenBackslash(line: string): boolean {
  let count = 0
  while (line[line.length - 1 - count] === '\\') count++
  return count % 2 === 1
}

function endOfKey(line: string): number {
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index)
    if (character === '\\') index++
    else if ('=: \t\f'.includes(character)) return index
  }
  return line.length
}

function valuePart(rest: string): string {
  return rest.replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['f', '\f'],
])

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (_, code?: string, character?: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    return ESCAPES.get(character ?? '') ?? character ?? ''
  })
}

function escape(text: string, isKey: boolean): string {
  const specials = isKey ? /[\\=:#! \t\n\r\f]|[^ -~]/g : /^ |[\\=:#!\t\n\r\f]|[^ -~]/g
  return text.replace(specials, (character) => {
    for (const [letter, meant] of ESCAPES) if (meant === character) return `\\${letter}`
    const code = character.charCodeAt(0)
    if (code >= 0x20 && code <= 0x7e) return `\\${character}`
    return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
  })
}
