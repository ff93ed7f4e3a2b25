// Reading JSON that others wrote: every accessor says undefined instead of trusting a shape.

export type JsonObject = ReadonlyMap<string, unknown>

/** The object in `data`, or undefined when there is none. */
export function parseObject(data: Buffer | null): JsonObject | undefined {
  if (data === null || data.length === 0) return undefined
  try {
    return objectOf(JSON.parse(data.toString('utf8')))
  } catch {
    return undefined
  }
}

export function objectOf(value: unknown): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return new Map(Object.entries(value))
}

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A number, also one written as a string, as old versions do. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) return undefined
  return Number(value)
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function numbersOf(value: unknown): number[] {
  return arrayOf(value).filter((element) => typeof element === 'number')
}

/** Compact JSON as bytes, keys in the order given. */
export function encodeJson(value: object): Buffer {
  return Buffer.from(JSON.stringify(value))
}
