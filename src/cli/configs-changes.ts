// What `--add-config` and `--delete-config` ask for.
import { readPropertiesFile } from './client-properties.ts'
import { ToolFailure } from './tool.ts'

export interface Changes {
  readonly added: ReadonlyMap<string, string>
  readonly deleted: readonly string[]
}

/** `k1=v1,k2=[v1,v2]`, a file, and a list of names. Throws ToolFailure. */
export function readChanges(
  list: string | undefined,
  file: string | undefined,
  deleted: readonly string[],
): Changes {
  const added = new Map(file === undefined ? [] : readPropertiesFile(file))
  for (const [name, value] of parseList(list ?? '')) added.set(name, value)
  const names = deleted.flatMap((part) => part.split(',')).map((name) => name.trim())
  const both = names.filter((name) => added.has(name))
  if (both.length > 0) {
    throw new ToolFailure(`requirement failed: Configs are added and deleted: ${both.join(',')}`)
  }
  return { added, deleted: names.filter((name) => name !== '') }
}

function parseList(list: string): [string, string][] {
  return splitOutsideBrackets(list).map((pair) => {
    const equals = pair.indexOf('=')
    if (equals < 1) {
      throw new ToolFailure(
        'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val".',
      )
    }
    const value = pair.slice(equals + 1).trim()
    return [pair.slice(0, equals).trim(), value.replace(/^\[(.*)\]$/s, '$1')]
  })
}

/** Commas inside square brackets belong to a value. */
function splitOutsideBrackets(list: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let index = 0; index <= list.length; index++) {
    const char = list[index]
    if (char === '[') depth++
    if (char === ']') depth--
    if (char !== undefined && (char !== ',' || depth > 0)) continue
    const part = list.slice(start, index).trim()
    if (part !== '') parts.push(part)
    start = index + 1
  }
  return parts
}
