// `npm run simulate -- [--seed=N] [--minutes=M] [--runs=N] [--trace] [--log]`
import { parseArgs } from 'node:util'
import { lineLogger, LogLevels } from '../../src/telemetry/line-logger.ts'
import { simulateBroker } from './broker-simulation.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    log: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const minutes = Number(values.minutes)
const print = (line: string): void => console.log(line)
const logger = lineLogger({
  write: print,
  nowMs: Date.now,
  format: 'line',
  levels: new LogLevels('INFO'),
  component: 'simulation',
})

for (let seed = first; seed < first + Number(values.runs); seed++) {
  try {
    const report = await simulateBroker({
      seed,
      minutes,
      onEvent: values.trace ? print : undefined,
      logger: values.log ? logger : undefined,
    })
    console.log(`seed ${seed}`, report)
  } catch (error) {
    console.error(error)
    console.error(`again with: npm run simulate -- --seed=${seed} --minutes=${minutes} --trace`)
    process.exit(1)
  }
}
