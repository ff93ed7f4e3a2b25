// What the controller does, as conversations. `UPDATE_SCENARIOS=1` writes the traces anew: read the
// difference.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { playControllerScenario } from './controller-scenario.ts'

const FOLDER = new URL('scenarios/controller/', import.meta.url)

for (const name of readdirSync(FOLDER).toSorted()) {
  if (!name.endsWith('.txt')) continue
  test(`controller: ${name.slice(0, -4).replaceAll('-', ' ')}`, async () => {
    const file = new URL(name, FOLDER)
    const [commands = '', expected = ''] = readFileSync(file, 'utf8').split('\n----\n')
    const trace = await playControllerScenario(commands)
    if (process.env['UPDATE_SCENARIOS'] === '1') {
      writeFileSync(file, `${commands.trimEnd()}\n----\n${trace}\n`)
    } else {
      assert.equal(trace, expected.trimEnd())
    }
  })
}
