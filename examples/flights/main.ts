// `npm run example:flights [-- HOST:PORT]`
import { loadDataSets, runFlights } from './flights.ts'

const bootstrap = process.argv[2] ?? '127.0.0.1:9092'
for (const dataSet of loadDataSets()) {
  const outcome = await runFlights(bootstrap, dataSet, (line) => console.log(line))
  const rate = (seconds: number) => Math.round(outcome.rows / seconds).toLocaleString('en-US')
  console.log(
    `${outcome.topic}: ${outcome.rows.toLocaleString('en-US')} rows equal; ` +
      `published ${rate(outcome.publishSeconds)} rows/s, read ${rate(outcome.readSeconds)} rows/s`,
  )
}
