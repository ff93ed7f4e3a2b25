// The load on a ZooKeeper server, in a process of its own: `node zookeeper-load.ts '{"kind":…}'`
// prints figures as JSON. Both servers get the same client.
import { nodePlatform } from '../src/platform/node/node-platform.ts'
import { silentLogger } from '../src/telemetry/logger.ts'
import { ZooKeeperClient } from '../src/zookeeper/client.ts'
import { Samples } from './histogram.ts'
import { pause } from './pause.ts'

export type ZooKeeperJob = { readonly port: number } & (
  | { readonly kind: 'first-answer' }
  | {
      readonly kind: 'operations'
      readonly operation: 'set' | 'get'
      readonly sessions: number
      readonly inFlight: number
      readonly warmSeconds: number
      readonly seconds: number
    }
  | { readonly kind: 'create'; readonly nodes: number; readonly perMulti: number }
  | { readonly kind: 'count'; readonly nodes: number }
  | { readonly kind: 'watches'; readonly sessions: number; readonly changes: number }
)

export type ZooKeeperFigures = Readonly<Record<string, number>>

const platform = nodePlatform()
const PAYLOAD = Buffer.alloc(100, 'x')

function connect(
  port: number,
  maxInFlight = 16,
  sessionTimeoutMs = 30_000,
): Promise<ZooKeeperClient> {
  return ZooKeeperClient.connect({
    platform,
    logger: silentLogger,
    connect: `127.0.0.1:${port}`,
    sessionTimeoutMs,
    connectionTimeoutMs: 60_000,
    maxInFlight,
  })
}

/** A few at a time, so that no backlog overflows. */
async function connectMany(port: number, count: number, inFlight: number) {
  const clients: ZooKeeperClient[] = []
  while (clients.length < count) {
    const some = Array.from({ length: Math.min(50, count - clients.length) }, () =>
      connect(port, inFlight),
    )
    clients.push(...(await Promise.all(some)))
  }
  return clients
}

export async function runZooKeeperJob(job: ZooKeeperJob): Promise<ZooKeeperFigures> {
  switch (job.kind) {
    case 'first-answer': {
      await untilItListens(job.port)
      // A server that listens before it can answer is asked again after so long.
      const client = await connect(job.port, 1, 500)
      await client.exists('/')
      client.abandon()
      return {}
    }
    case 'operations':
      return operations(job)
    case 'create':
      return createNodes(job)
    case 'count': {
      const client = await connect(job.port)
      const count = await client.allChildrenNumber('/')
      client.abandon()
      return { nodes: count }
    }
    case 'watches':
      return watches(job)
  }
}

/** Asked every few milliseconds: a client that is refused waits longer than a start takes. */
async function untilItListens(port: number): Promise<void> {
  for (let attempt = 0; attempt < 30_000; attempt++) {
    try {
      const socket = await platform.network.connect({ host: '127.0.0.1', port, timeoutMs: 1_000 })
      socket.destroy()
      return
    } catch {
      await pause(2)
    }
  }
  throw new Error(`nothing listens on port ${port}`)
}

async function operations(job: ZooKeeperJob & { kind: 'operations' }): Promise<ZooKeeperFigures> {
  const clients = await connectMany(job.port, job.sessions, job.inFlight)
  const latencies = new Samples()
  const began = performance.now()
  const measureFrom = began + job.warmSeconds * 1000
  const until = measureFrom + job.seconds * 1000
  const loop = async (client: ZooKeeperClient, path: string): Promise<void> => {
    for (let now = performance.now(); now < until;) {
      if (job.operation === 'set') await client.set(path, PAYLOAD)
      else await client.get(path)
      const done = performance.now()
      if (now >= measureFrom) latencies.add(done - now)
      now = done
    }
  }
  const loops = clients.map(async (client, index) => {
    const path = `/bench-${index}`
    await client.createRecursive(path, PAYLOAD)
    await Promise.all(Array.from({ length: job.inFlight }, () => loop(client, path)))
  })
  await Promise.all(loops)
  for (const client of clients) client.abandon()
  return {
    'operations/s': latencies.count / job.seconds,
    'p50 ms': latencies.quantile(0.5),
    'p99 ms': latencies.quantile(0.99),
  }
}

async function createNodes(job: ZooKeeperJob & { kind: 'create' }): Promise<ZooKeeperFigures> {
  const client = await connect(job.port)
  await client.createRecursive('/many')
  const waits = new Samples()
  const began = performance.now()
  let next = 0
  const loop = async (): Promise<void> => {
    while (next < job.nodes) {
      const first = next
      next += job.perMulti
      const asked = performance.now()
      await client.multi(
        Array.from({ length: job.perMulti }, (_, index) => ({
          kind: 'create' as const,
          path: `/many/node-${first + index}`,
          data: PAYLOAD,
        })),
      )
      waits.add(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: 16 }, loop))
  const seconds = (performance.now() - began) / 1000
  client.abandon()
  return {
    'nodes/s': job.nodes / seconds,
    'p99 ms': waits.quantile(0.99),
    'longest ms': waits.quantile(1),
  }
}

async function watches(job: ZooKeeperJob & { kind: 'watches' }): Promise<ZooKeeperFigures> {
  const writer = await connect(job.port)
  await writer.createRecursive('/watched', PAYLOAD)
  const clients = await connectMany(job.port, job.sessions, 16)
  const times = new Samples()
  for (let change = 0; change < job.changes; change++) {
    const told = clients.map(async (client) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const stop = client.onWatch(() => resolve())
      await client.get('/watched', { watch: true })
      return { heard: promise.finally(stop) }
    })
    const waiting = await Promise.all(told)
    const began = performance.now()
    await Promise.all([writer.set('/watched', PAYLOAD), ...waiting.map(({ heard }) => heard)])
    times.add(performance.now() - began)
  }
  for (const client of [writer, ...clients]) client.abandon()
  return { 'ms until all know': times.quantile(0.5) }
}

if (process.argv[1] === import.meta.filename) {
  const job: ZooKeeperJob = JSON.parse(process.argv[2] ?? '{}')
  console.log(JSON.stringify(await runZooKeeperJob(job)))
  process.exit(0)
}
