// One of the processes of `npm run simulate:many`: simulates the seeds that it is sent.
import { inspect } from 'node:util'
import type { SimulationReport } from './broker-simulation.ts'
import { simulateCluster } from './cluster-simulation.ts'

export interface Task {
  readonly seed: number
  readonly minutes: number
  /** How many, or `any`. */
  readonly brokers: string
}

/** Either a report or what went wrong. */
export interface Finding {
  readonly seed: number
  readonly report?: SimulationReport
  readonly failure?: string
}

async function simulate({ seed, minutes, brokers }: Task): Promise<Finding> {
  try {
    const count = brokers === 'any' ? undefined : Number(brokers)
    return { seed, report: await simulateCluster({ seed, minutes, brokers: count }) }
  } catch (error) {
    return { seed, failure: inspect(error) }
  }
}

process.on('message', (task) => {
  void simulate(task as Task).then((finding) => process.send?.(finding))
})
// What is thrown where nobody listens is a failure of the seed that runs.
process.on('uncaughtException', (error) => {
  process.send?.({ seed: -1, failure: `thrown where nobody listens: ${inspect(error)}` })
  process.disconnect()
})
