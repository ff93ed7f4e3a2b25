// The ZooKeeper server alone: ours against Apache's, both syncing every transaction.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Case, Figures } from './cases.ts'
import { residentBytes } from './procfs.ts'
import { newDirectory, removeDirectory, startZooKeeper, type Server } from './servers.ts'
import { runZooKeeperJob, type ZooKeeperJob } from './zookeeper-load.ts'

type JobOf<T> = T extends ZooKeeperJob ? Omit<T, 'port'> : never

function load(job: ZooKeeperJob): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const entry = join(import.meta.dirname, 'zookeeper-load.ts')
    const child = spawn(process.execPath, [entry, JSON.stringify(job)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.once('exit', (code) => {
      if (code === 0) resolve(JSON.parse(output))
      else reject(new Error(`the load ${job.kind} ended with ${code}`))
    })
  })
}

async function firstAnswer(server: Server): Promise<number> {
  await runZooKeeperJob({ kind: 'first-answer', port: server.port })
  return performance.now() - server.spawnedAt
}

type Use = (server: Server, startedMs: number, directory: string) => Promise<Figures>

function zookeeperCase(name: string, title: string, use: Use): Case {
  return {
    name,
    title,
    async run(kind) {
      const directory = newDirectory()
      try {
        const server = await startZooKeeper(kind, directory)
        try {
          return await use(server, await firstAnswer(server), directory)
        } finally {
          await server.kill()
        }
      } finally {
        removeDirectory(directory)
      }
    },
  }
}

function loadCase(name: string, title: string, job: JobOf<ZooKeeperJob>): Case {
  return zookeeperCase(name, title, ({ port }) => load({ ...job, port }))
}

const SECONDS = { warmSeconds: 3, seconds: 4 } as const
const NODES = 100_000

export const zookeeperCases: readonly Case[] = [
  zookeeperCase('zk-start', 'ZooKeeper: start to the first answer; idle', async (server, ms) => {
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    return { ms, 'RSS MB': residentBytes(server.pids) / 1e6 }
  }),
  ...[1, 16, 64].map((sessions) =>
    loadCase(`zk-set-${sessions}`, `ZooKeeper: setData of 100 B, ${sessions} × 16 in flight`, {
      kind: 'operations',
      operation: 'set',
      sessions,
      inFlight: 16,
      ...SECONDS,
    }),
  ),
  loadCase('zk-get-16', 'ZooKeeper: getData, 16 × 16 in flight', {
    kind: 'operations',
    operation: 'get',
    sessions: 16,
    inFlight: 16,
    ...SECONDS,
  }),
  {
    name: 'zk-nodes',
    title: 'ZooKeeper: 100,000 nodes by multi of 10 with snapshots; restart with them',
    async run(kind) {
      const directory = newDirectory()
      try {
        const server = await startZooKeeper(kind, directory, { snapCount: '4000' })
        await firstAnswer(server)
        const created = await load({
          kind: 'create',
          port: server.port,
          nodes: NODES,
          perMulti: 10,
        })
        await server.kill()
        const again = await startZooKeeper(kind, directory, { snapCount: '4000' })
        const restartMs = await firstAnswer(again)
        const { nodes = 0 } = await load({ kind: 'count', port: again.port, nodes: NODES })
        await again.kill()
        if (nodes < NODES) throw new Error(`${nodes} nodes are left of ${NODES}`)
        return { ...created, 'restart ms': restartMs }
      } finally {
        removeDirectory(directory)
      }
    },
  },
  loadCase('zk-watches', 'ZooKeeper: 1,000 sessions watch one node', {
    kind: 'watches',
    sessions: 1_000,
    changes: 10,
  }),
]
