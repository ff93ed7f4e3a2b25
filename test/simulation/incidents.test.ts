import { test } from 'node:test'
import { runIncident } from './incident.ts'
import { INCIDENTS } from './incidents.ts'

for (const [name, script] of Object.entries(INCIDENTS)) {
  test(`${name}: nothing acknowledged is lost, replicas are equal`, () => runIncident(script))
}
