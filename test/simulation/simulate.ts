// `npm run simulate -- [--brokers=N|any] [--seed=N] [--minutes=M] [--runs=N] [--seconds=S] [--trace]
// [--log]`: one broker with its embedded ZooKeeper, or a cluster of 3 to 5 with a ZooKeeper server.
// No run begins when `seconds` have passed since the first.
import { parseArgs } from 'node:util'
import { lineLogger, LogLevels } from '../../src/telemetry/line-logger.ts'
import type { Logger } from '../../src/telemetry/logger.ts'
import { simulateBroker, type SimulationReport } from './broker-simulation.ts'
import { simulateCluster } from './cluster-simulation.ts'

const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: '1' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1' },
    seconds: { type: 'string', default: 'Infinity' },
    trace: { type: 'boolean', default: false },
    log: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const minutes = Number(values.minutes)
const beganMs = performance.now()
const print = (line: string): void => console.log(line)

function loggerOf(component: string): Logger {
  const levels = new LogLevels('INFO')
  const write = (line: string): void => print(`${component} ${line}`)
  return lineLogger({ write, nowMs: Date.now, format: 'line', levels, component })
}

function simulate(seed: number): Promise<SimulationReport> {
  const onEvent = values.trace ? print : undefined
  if (values.brokers === '1') {
    const logger = values.log ? loggerOf('broker') : undefined
    return simulateBroker({ seed, minutes, onEvent, logger })
  }
  const brokers = values.brokers === 'any' ? undefined : Number(values.brokers)
  const logs = values.log ? loggerOf : undefined
  return simulateCluster({ seed, minutes, brokers, onEvent, loggerOf: logs })
}

for (let seed = first; seed < first + Number(values.runs); seed++) {
  if (performance.now() - beganMs > Number(values.seconds) * 1_000) {
    console.log(`time is up after ${seed - first} of ${values.runs} seeds`)
    break
  }
  try {
    const report = await simulate(seed)
    console.log(`seed ${seed}`, report)
  } catch (error) {
    console.error(error)
    const options = `--brokers=${values.brokers} --seed=${seed} --minutes=${minutes}`
    console.error(`again with: npm run simulate -- ${options} --trace`)
    process.exit(1)
  }
}
