// Every declaration against the published schema of the same message, field by field.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import type { Codec } from '../../codec/codec.ts'
import { NEVER, defaultOf } from '../../codec/language.ts'
import type { Fields, Type } from '../../codec/language.ts'
import { ZERO_UUID } from '../../codec/uuid-text.ts'
import { apis } from './all.ts'
import * as consumerGroupRecords from './consumer-group-records.ts'
import * as consumerProtocol from './consumer-protocol.ts'
import * as groupRecords from './group-records.ts'
import * as transactionRecords from './transaction-records.ts'

interface PublishedField {
  readonly name: string
  readonly type: string
  readonly versions: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly default?: unknown
  readonly fields?: readonly PublishedField[]
}

interface Published {
  readonly name: string
  readonly apiKey?: number
  readonly type: string
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly fields: readonly PublishedField[]
  readonly commonStructs?: readonly { name: string; fields: readonly PublishedField[] }[]
}

type Bounds = readonly [number, number]

const fixture = new URL('../../../test/fixtures/schemas/kafka-3.9.json', import.meta.url)
const published = JSON.parse(readFileSync(fixture, 'utf8')) as Published[]
const messages: Record<string, Codec> = {
  ...consumerGroupRecords,
  ...consumerProtocol,
  ...groupRecords,
  ...transactionRecords,
}

function bounds(text: string): Bounds {
  if (text === 'none') return [NEVER, NEVER]
  if (text.endsWith('+')) return [Number(text.slice(0, -1)), NEVER]
  const [first, last] = text.split('-')
  return [Number(first), Number(last ?? first)]
}

/** What of a range lies in the versions that are valid anyway. */
function within(valid: Bounds, [first, last]: Bounds): Bounds {
  return [Math.max(first, valid[0]), Math.min(last, valid[1])]
}

function compareFields(
  schema: Published,
  fields: readonly PublishedField[],
  declared: Fields,
  valid: Bounds,
  path: string,
): void {
  const names = fields.map(({ name }) => name.charAt(0).toLowerCase() + name.slice(1))
  assert.deepEqual(Object.keys(declared), names, `${path}: names in order`)
  for (const [index, field] of fields.entries()) {
    const type = declared[names[index] ?? '']
    assert.ok(type !== undefined)
    compareField(schema, field, type, valid, `${path} ${field.name}`)
  }
}

function compareField(
  schema: Published,
  field: PublishedField,
  type: Type,
  valid: Bounds,
  path: string,
): void {
  const versions = within(valid, bounds(field.versions))
  assert.deepEqual(
    within(valid, [type.firstVersion, type.lastVersion]),
    versions,
    `${path} versions`,
  )
  assert.equal(type.tag, field.tag, `${path} tag`)
  const nullable = within(versions, bounds(field.nullableVersions ?? 'none'))
  const nullableFrom = Math.max(versions[0], type.nullableFrom)
  assert.equal(nullableFrom, field.nullableVersions === undefined ? NEVER : nullable[0], path)
  if (field.nullableVersions !== undefined) assert.equal(nullable[1], versions[1], path)
  compareType(schema, field, type, versions, path)
  if (type.kind !== 'struct' && type.kind !== 'bytes' && type.kind !== 'records') {
    assert.deepEqual(defaultOf(type), expectedDefault(field), `${path} default`)
  }
}

function compareType(
  schema: Published,
  field: PublishedField,
  type: Type,
  versions: Bounds,
  path: string,
): void {
  const isArray = field.type.startsWith('[]')
  assert.equal(type.kind === 'array', isArray, `${path} array`)
  const inner = isArray ? type.element : type
  assert.ok(inner !== undefined)
  const name = isArray ? field.type.slice(2) : field.type
  if (!/^[A-Z]/.test(name)) {
    assert.equal(inner.kind, name, `${path} type`)
    return
  }
  const common = schema.commonStructs?.find((struct) => struct.name === name)
  const fields = field.fields ?? common?.fields
  assert.ok(fields !== undefined && inner.fields !== undefined, `${path} fields`)
  compareFields(schema, fields, inner.fields, versions, path)
}

/** As published, except that what may be null is null when nothing is said. */
function expectedDefault(field: PublishedField): unknown {
  const said = field.default === 'null' ? null : field.default
  if (said === null) return null
  if (said === undefined && field.nullableVersions !== undefined) return null
  if (field.type.startsWith('[]')) return []
  if (field.type === 'string') return said ?? ''
  if (field.type === 'uuid') return ZERO_UUID
  if (field.type === 'bool') return said === true || said === 'true'
  return Number(said ?? 0)
}

function declarationOf(schema: Published): Codec | undefined {
  if (schema.type === 'request') return apis.get(schema.apiKey ?? -1)?.request
  if (schema.type === 'response') return apis.get(schema.apiKey ?? -1)?.response
  return messages[schema.name]
}

for (const schema of published) {
  test(`${schema.name} is declared as it is published`, () => {
    const declared = declarationOf(schema)
    assert.ok(declared !== undefined)
    const valid = bounds(schema.validVersions)
    assert.deepEqual([declared.minVersion, declared.maxVersion], valid)
    assert.equal(declared.flexible, bounds(schema.flexibleVersions)[0])
    compareFields(schema, schema.fields, declared.fields, valid, schema.name)
  })
}

test('every declaration has a published schema', () => {
  const count = apis.size * 2 + Object.keys(messages).length
  assert.equal(published.length, count)
})
