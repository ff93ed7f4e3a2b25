// Files that tell a tool which partitions it is about: `{"partitions": [{"topic": …}, …]}`.
import { readFileSync } from 'node:fs'
import { UsageError } from './command.ts'

export type JsonRow = Readonly<Record<string, unknown>>

/** The rows of `field`, objects all of them. Throws UsageError. */
export function readRows(file: string, field: string): JsonRow[] {
  const document = parse(file)
  const rows = isRow(document) ? document[field] : undefined
  if (!Array.isArray(rows) || !rows.every(isRow)) {
    throw new UsageError(`${file}: an object with a list "${field}" of objects is expected`)
  }
  return rows
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(
      `Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function isRow(value: unknown): value is JsonRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function textOf(file: string, row: JsonRow, field: string): string {
  const value = row[field]
  if (typeof value === 'string') return value
  throw new UsageError(`${file}: "${field}" must be a text in ${JSON.stringify(row)}`)
}

export function numberOf(file: string, row: JsonRow, field: string): number {
  const value = row[field]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new UsageError(`${file}: "${field}" must be a whole number in ${JSON.stringify(row)}`)
}
