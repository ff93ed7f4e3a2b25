import { test } from 'node:test'
import { startBroker } from '../../src/testing/start-broker.ts'
import { loadDataSets, runFlights } from './flights.ts'

for (const dataSet of loadDataSets()) {
  test(`${dataSet.rows.length} flights go in by one client and come out by another, row for row`, async (t) => {
    await using broker = await startBroker()
    const outcome = await runFlights(broker.bootstrap, dataSet, () => {})
    t.diagnostic(`published in ${outcome.publishSeconds} s, read in ${outcome.readSeconds} s`)
  })
}
