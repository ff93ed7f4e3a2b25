// `npm run simulate:planted` shows that the simulation finds them; here, that they can be planted.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PLANTED_BUGS } from './planted-bugs.ts'

for (const [name, { file, sound }] of Object.entries(PLANTED_BUGS)) {
  test(`${name} has its place in ${file}`, () => {
    const source = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8')
    assert.equal(source.split(sound).length, 2)
  })
}
