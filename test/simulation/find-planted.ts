// `npm run simulate:planted [-- NAME...]`: plants each bug, and shows what the simulation says of it:
// in the incident of its name, and in a run of random faults where chance finds it.
//
// A bug is planted as modules are loaded, so each has a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Contradiction } from './record-history.ts'
import { plant, PLANTED_BUGS } from './planted-bugs.ts'

const SEEDS = 8

/** How a run with the bug in it ended: what contradicted what must hold, or nothing. */
export async function find(name: string, seed?: number): Promise<string | undefined> {
  const args = [import.meta.filename, '--run', name, ...(seed === undefined ? [] : [String(seed)])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`the run with ${name} failed by itself`)
  return said === '' ? undefined : said.trim()
}

async function run(name: string, seed: string | undefined): Promise<void> {
  plant(name)
  try {
    if (seed === undefined) {
      const { runIncident } = await import('./incident.ts')
      const { INCIDENTS } = await import('./incidents.ts')
      const script = INCIDENTS[name]
      if (script === undefined) throw new Error(`there is no incident ${name}`)
      await runIncident(script)
    } else {
      const { simulateCluster } = await import('./cluster-simulation.ts')
      await simulateCluster({ seed: Number(seed), minutes: 1, brokers: 3 })
    }
  } catch (error) {
    if (!(error instanceof Contradiction)) throw error
    console.log(error.message)
  }
}

/** The first seeds, of which each is a run of one virtual minute. */
async function findByChance(name: string): Promise<string | undefined> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const said = await find(name, seed)
    if (said !== undefined) return `seed ${seed}: ${said}`
  }
  return undefined
}

function print(name: string, said: string | undefined): void {
  console.log(`${name}, ${said ?? 'NOT FOUND'}`)
  if (said === undefined) process.exitCode = 1
}

if (import.meta.main) {
  const [mode, ...args] = process.argv.slice(2)
  if (mode === '--run') await run(args[0] ?? '', args[1])
  else {
    const wanted = mode === undefined ? Object.keys(PLANTED_BUGS) : [mode, ...args]
    for (const name of wanted) {
      const said = await find(name)
      print(name, said && `incident: ${said}`)
      if (PLANTED_BUGS[name]?.isCommon === true) print(name, await findByChance(name))
    }
  }
}
