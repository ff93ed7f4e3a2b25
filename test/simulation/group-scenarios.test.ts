// The rules of consumer groups as conversations. `UPDATE_SCENARIOS=1` writes the traces anew: read
// the difference.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { playGroupScenario } from './group-scenario.ts'

const FOLDER = new URL('scenarios/groups/', import.meta.url)

for (const name of readdirSync(FOLDER).toSorted()) {
  if (!name.endsWith('.txt')) continue
  test(`groups: ${name.slice(0, -4).replaceAll('-', ' ')}`, async () => {
    const file = new URL(name, FOLDER)
    const [commands = '', expected = ''] = readFileSync(file, 'utf8').split('\n----\n')
    const trace = await playGroupScenario(commands)
    if (process.env['UPDATE_SCENARIOS'] === '1') {
      writeFileSync(file, `${commands.trimEnd()}\n----\n${trace}\n`)
    } else {
      assert.equal(trace, expected.trimEnd())
    }
  })
}
