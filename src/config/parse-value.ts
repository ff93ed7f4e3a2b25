// Texts to values, and back to the text that DescribeConfigs shows.
import { invalidValue } from './config-error.ts'

export type SettingType =
  | 'boolean'
  | 'string'
  | 'int'
  | 'short'
  | 'long'
  | 'double'
  | 'list'
  | 'class'
  | 'password'

const WHOLE = /^[+-]?[0-9]{1,20}$/
const DECIMAL = /^[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?[dDfF]?$/
const BITS = { int: 32, short: 16, long: 64 } as const

export function parseBoolean(setting: string, text: string): boolean {
  const lower = text.trim().toLowerCase()
  if (lower === 'true' || lower === 'false') return lower === 'true'
  throw invalidValue(setting, text, 'Expected value to be either true or false')
}

/** A long beyond 2^53 becomes the nearest safe number: such values mean "without limit". */
export function parseWhole(type: keyof typeof BITS, setting: string, text: string): number {
  const exact = exactWhole(type, text)
  if (exact === undefined) {
    throw invalidValue(setting, text.trim(), `Not a number of type ${type.toUpperCase()}`)
  }
  return Math.min(Math.max(Number(exact), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

function exactWhole(type: keyof typeof BITS, text: string): bigint | undefined {
  const trimmed = text.trim()
  if (!WHOLE.test(trimmed)) return undefined
  const exact = BigInt(trimmed.replace('+', ''))
  return BigInt.asIntN(BITS[type], exact) === exact ? exact : undefined
}

export function parseDouble(setting: string, text: string): number {
  const trimmed = text.trim()
  if (DECIMAL.test(trimmed)) return Number(trimmed.replace(/[dDfF]$/, ''))
  throw invalidValue(setting, trimmed, 'Not a number of type DOUBLE')
}

/** Items between commas, without the blanks around them; none in an empty text. */
export function parseList(text: string): string[] {
  const trimmed = text.trim()
  return trimmed === '' ? [] : trimmed.split(',').map((item) => item.trim())
}

/** The value as Kafka prints it: `TRUE ` is `true`, `1e3` is `1000.0`. */
export function canonicalText(type: SettingType, text: string): string {
  const trimmed = text.trim()
  if (type === 'boolean') return trimmed.toLowerCase()
  if (type === 'list') return parseList(text).join(',')
  if (type === 'double') return DECIMAL.test(trimmed) ? javaDouble(Number(trimmed)) : trimmed
  if (type === 'int' || type === 'short' || type === 'long') {
    return String(exactWhole(type, trimmed) ?? trimmed)
  }
  return trimmed
}

/** Java writes a fraction always, and an exponent outside 10^-3 to 10^7. */
export function javaDouble(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value))
    return Number.isNaN(value) ? 'NaN' : size === value ? 'Infinity' : '-Infinity'
  if (size === 0 || (size >= 1e-3 && size < 1e7)) {
    const plain = String(value)
    return plain.includes('.') ? plain : `${plain}.0`
  }
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  const fraction = mantissa.includes('.') ? mantissa : `${mantissa}.0`
  return `${fraction}E${Number(exponent)}`
}
