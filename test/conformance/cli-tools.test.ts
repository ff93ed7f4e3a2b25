// The commands print what the scripts of Apache Kafka 3.9 print, and end with the same exit codes.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { after, test } from 'node:test'
import { SCENARIO, SCENARIO_FILES, argumentsOf, comparable } from '../support/tool-scenario.ts'
import { runTool } from '../support/run-tool.ts'
import { theTarget } from './targets.ts'

interface Recorded {
  readonly tool: string
  readonly args: string
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const file = new URL('../fixtures/tools/scenario-3.9.json', import.meta.url)
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded[]
const directory = mkdtempSync(join(tmpdir(), 'ottla-tools-'))
const fileOf = (name: string): string => join(directory, `${name}.json`)
for (const [name, content] of Object.entries(SCENARIO_FILES)) {
  writeFileSync(fileOf(name), JSON.stringify(content))
}
after(() => rmSync(directory, { recursive: true }))

for (const [index, step] of SCENARIO.entries()) {
  test(`${step.tool} ${step.args}`, async () => {
    const { host, port } = await theTarget()
    const args = argumentsOf(step, `${host}:${port}`, fileOf)
    const outcome = await runTool([step.tool, ...args], step.stdin)
    const { tool, args: recordedArgs, ...expected } = recorded[index]!
    assert.deepEqual([tool, recordedArgs], [step.tool, step.args])
    assert.deepEqual(comparable(outcome, step), expected)
  })
}
