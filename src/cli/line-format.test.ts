import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineReader } from './line-format.ts'

function read(line: string, properties: Readonly<Record<string, string>>) {
  const record = lineReader('t', new Map(Object.entries(properties)))(Buffer.from(line))
  const text = (bytes: Buffer | null | undefined): string | null => bytes?.toString() ?? null
  const headers = (record.headers ?? []).map(({ key, value }) => [key, text(value)])
  return { key: text(record.key), value: text(record.value), headers }
}

test('a line is a value', () => {
  assert.deepEqual(read('a\tb', {}), { key: null, value: 'a\tb', headers: [] })
})

test('key and value, with a separator of several bytes', () => {
  const properties = { 'parse.key': 'true', 'key.separator': '→' }
  assert.deepEqual(read('k→v→w', properties), { key: 'k', value: 'v→w', headers: [] })
})

test('headers, key and value; null markers', () => {
  const properties = {
    'parse.key': 'true',
    'parse.headers': 'true',
    'key.separator': ':',
    'null.marker': 'NULL',
  }
  assert.deepEqual(read('h1:a,h2:NULL\tNULL:NULL', properties), {
    key: null,
    value: null,
    headers: [
      ['h1', 'a'],
      ['h2', null],
    ],
  })
  assert.deepEqual(read('NULL\tk:', properties), { key: 'k', value: '', headers: [] })
})

test('a line without its separator is refused with its number, or taken as a value', () => {
  const reader = lineReader('t', new Map([['parse.key', 'true']]))
  reader(Buffer.from('a\tb'))
  assert.throws(() => reader(Buffer.from('nokey')), {
    message: "No key separator found on line number 2: 'nokey'",
  })
  const lenient = { 'parse.key': 'true', 'ignore.error': 'true' }
  assert.deepEqual(read('nokey', lenient), { key: null, value: 'nokey', headers: [] })
})

test('separators that cannot be told apart are refused', () => {
  const properties = new Map([
    ['headers.separator', ','],
    ['headers.key.separator', ','],
  ])
  assert.throws(() => lineReader('t', properties), {
    message: 'headers.separator and headers.key.separator may not be equal',
  })
})
