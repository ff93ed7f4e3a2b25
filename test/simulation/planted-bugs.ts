// Bugs that others have had, planted into our code as it is loaded: the simulation must find each,
// which shows that its checks can fail. `npm run simulate:planted [-- NAME...]`
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(import.meta.dirname, '..', '..')
const SEEDS = 8
const MINUTES = 1

interface PlantedBug {
  readonly what: string
  readonly file: string
  readonly sound: string
  readonly broken: string
}

/** What is replaced must be there exactly once, so that none of them goes stale unnoticed. */
export const PLANTED_BUGS: Readonly<Record<string, PlantedBug>> = {
  'KIP-101': {
    what: 'a follower does not look for the place where its log parted from the leader',
    file: 'src/replication/followed-partition.ts',
    sound: 'this.lastFetchedEpoch = this.log.latestEpoch',
    broken: 'this.lastFetchedEpoch = UNKNOWN',
  },
  'acks-before-replication': {
    what: 'acks=all is answered when the leader alone has written',
    file: 'src/replication/partition.ts',
    sound: 'if (log.highWatermark > wait.lastOffset) return true',
    broken: 'return true',
  },
  'epoch-not-bumped': {
    what: 'a new leader takes over under the epoch of the old one',
    file: 'src/controller/leadership-plans.ts',
    sound: '    leader: choice.leader,\n    leaderEpoch: leadership.leaderEpoch + 1,',
    broken: '    leader: choice.leader,\n    leaderEpoch: leadership.leaderEpoch,',
  },
  'KAFKA-6082': {
    what: 'a controller that was replaced without noticing goes on writing',
    file: 'src/controller/guarded-store.ts',
    sound: 'version: this.#epochVersion } as const',
    broken: 'version: -1 } as const',
  },
  'old-proposals': {
    what: 'a proposal of an old leader epoch goes out with that of the new one',
    file: 'src/broker/isr-proposals.ts',
    sound: 'return `${topic}-${partition}`',
    broken: 'return `${topic}-${partition}-${Math.random()}`',
  },
  'KAFKA-12686': {
    what: "a write whose confirmation was lost is taken for somebody else's",
    file: 'src/controller/leadership-writes.ts',
    sound: 'leadership !== undefined &&\n    leadership.leader === next.leader',
    broken: 'leadership === undefined &&\n    next.leader === -2',
  },
  'unclean-by-default': {
    what: 'a leader is taken from outside the in-sync set',
    file: 'src/controller/leadership-plans.ts',
    sound: '    isr: leadership.isr,\n    online: partition',
    broken: '    isr: partition.assignment.replicas,\n    online: partition',
  },
  'stale-in-sync-set': {
    what: 'the high watermark passes members of the in-sync set that lag',
    file: 'src/replication/high-watermark.ts',
    sound: 'maximalIsr.includes(',
    broken: '[].includes(',
  },
}

/** Makes modules loaded from now on contain the bug. */
export function plant(name: string): void {
  const bug = PLANTED_BUGS[name]
  if (bug === undefined) throw new Error(`there is no planted bug ${name}`)
  const path = join(ROOT, bug.file)
  const parts = readFileSync(path, 'utf8').split(bug.sound)
  if (parts.length !== 2) throw new Error(`${bug.file} has changed: ${name} cannot be planted`)
  registerHooks({
    load(url, context, next) {
      if (!url.startsWith('file:') || fileURLToPath(url) !== path) return next(url, context)
      return { format: 'module-typescript', source: parts.join(bug.broken), shortCircuit: true }
    },
  })
}

/** The seed that finds the bug and what it says, or undefined when none of them does. */
export function find(name: string): { readonly seed: number; readonly says: string } | undefined {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [import.meta.filename, '--run', name, String(seed)],
      { encoding: 'utf8' },
    )
    const says = /^\w*(?:Contradiction|Error): .*$/m.exec(stderr)?.[0] ?? stderr.slice(0, 300)
    if (status !== 0) return { seed, says }
  }
  return undefined
}

async function runPlanted(name: string, seed: number): Promise<void> {
  plant(name)
  const { simulateCluster } = await import('./cluster-simulation.ts')
  await simulateCluster({ seed, minutes: MINUTES, brokers: 3 })
}

if (import.meta.main) {
  const [mode, ...args] = process.argv.slice(2)
  if (mode === '--run') await runPlanted(args[0] ?? '', Number(args[1]))
  else {
    const wanted = mode === undefined ? Object.keys(PLANTED_BUGS) : [mode, ...args]
    for (const name of wanted) {
      const found = find(name)
      console.log(
        `${name}: ${found === undefined ? 'NOT FOUND' : `seed ${found.seed}: ${found.says}`}`,
      )
      if (found === undefined) process.exitCode = 1
    }
  }
}
