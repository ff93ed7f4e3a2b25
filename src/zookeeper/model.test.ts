// Clients that work on a server which crashes all the time, against a model of what each of them
// was told. Everything comes from the seed: a failure prints it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { SimulatedMachine } from '../testing/simulated/simulated-world.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { sleep } from '../platform/clock.ts'
import { ZooKeeperClient } from './client.ts'
import type { MultiOp } from './client.ts'
import { numberedFiles } from './data-files.ts'
import { ZooKeeperError } from './errors.ts'
import { readLog } from './read-log.ts'
import { recover } from './recover.ts'
import { ZooKeeperServer } from './server.ts'

const DIRECTORY = '/data/zookeeper'
const VERSION_DIRECTORY = `${DIRECTORY}/version-2`
const PORT = 2181

interface ModelNode {
  data: string
  version: number
}

type Nodes = Map<string, ModelNode>

interface Step {
  readonly expected: string
  readonly after: Nodes
  readonly deletes?: boolean
  run(client: ZooKeeperClient): Promise<unknown>
}

/** A seeded generator of the test's own, apart from the world's. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2654435761 + 1
  return (sides) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return (state >>> 8) % sides
  }
}

function startServer(machine: SimulatedMachine): Promise<ZooKeeperServer> {
  return ZooKeeperServer.start({
    platform: machine.platform,
    logger: silentLogger,
    directory: DIRECTORY,
    listeners: [{ host: 'zk', port: PORT }],
    tickTimeMs: 500,
    snapCount: 40,
    retainSnapshots: 3,
    preAllocateBytes: 4096,
  })
}

/** The next thing a client does below its own node, and what the model says of it. */
function nextStep(
  nodes: Nodes,
  root: string,
  roll: (sides: number) => number,
  serial: number,
): Step {
  const path = `${root}/n${roll(4)}`
  const node = nodes.get(path)
  const after = new Map([...nodes].map(([key, value]) => [key, { ...value }]))
  const data = `v${serial}`
  const bytes = Buffer.from(data)
  switch (roll(4)) {
    case 0:
      if (node === undefined) after.set(path, { data, version: 0 })
      return {
        expected: node === undefined ? 'ok' : 'NODEEXISTS',
        after,
        run: (client) => client.create(path, bytes, { ephemeral: roll(2) === 0 }),
      }
    case 1: {
      const version = roll(3) === 0 ? 99 : (node?.version ?? 0)
      const matches = node?.version === version
      if (matches) after.set(path, { data, version: version + 1 })
      return {
        expected: node === undefined ? 'NONODE' : matches ? 'ok' : 'BADVERSION',
        after,
        run: (client) => client.set(path, bytes, version),
      }
    }
    case 2:
      after.delete(path)
      return {
        expected: node === undefined ? 'NONODE' : 'ok',
        after,
        deletes: true,
        run: (client) => client.delete(path),
      }
    default:
      return multiStep(nodes, after, root, path, data)
  }
}

function multiStep(nodes: Nodes, after: Nodes, root: string, path: string, data: string): Step {
  const node = nodes.get(path)
  const counter = nodes.get(`${root}/counter`) ?? { data: '', version: 0 }
  const ops: MultiOp[] = [
    { kind: 'set', path: `${root}/counter`, data: Buffer.from(data), version: counter.version },
    { kind: 'create', path, data: Buffer.from(data) },
  ]
  const ok = node === undefined
  if (ok) {
    after.set(`${root}/counter`, { data, version: counter.version + 1 })
    after.set(path, { data, version: 0 })
  }
  return {
    expected: ok ? 'ok' : 'multi refused',
    after,
    run: async (client) => {
      const results = await client.multi(ops)
      if (results.some((result) => result.kind === 'error')) throw new Error('multi refused')
    },
  }
}

async function readBack(client: ZooKeeperClient, root: string): Promise<Nodes> {
  const nodes: Nodes = new Map()
  for (const name of await client.children(root)) {
    const { data, stat } = await client.get(`${root}/${name}`)
    nodes.set(`${root}/${name}`, { data: String(data ?? ''), version: stat.version })
  }
  return nodes
}

function sorted(nodes: Nodes): [string, ModelNode][] {
  return [...nodes].toSorted(([left], [right]) => (left < right ? -1 : 1))
}

/** Works until told to stop; throws as soon as the server contradicts the model. */
async function work(
  client: ZooKeeperClient,
  root: string,
  roll: (sides: number) => number,
  isStopped: () => boolean,
): Promise<{ nodes: Nodes; steps: number; unknown: number }> {
  let nodes: Nodes = new Map([[`${root}/counter`, { data: '', version: 0 }]])
  let steps = 0
  let unknown = 0
  while (!isStopped()) {
    const step = nextStep(nodes, root, roll, steps)
    steps++
    const outcome = await step.run(client).then(
      () => 'ok',
      (error: Error) => (error instanceof ZooKeeperError ? error.name : error.message),
    )
    if (outcome === 'CONNECTIONLOSS') {
      unknown++
      const found = await readBack(client, root)
      const candidates = [nodes, step.after].map((candidate) => JSON.stringify(sorted(candidate)))
      assert.ok(
        candidates.includes(JSON.stringify(sorted(found))),
        `${root}: neither before nor after the lost step: ${JSON.stringify(sorted(found))}`,
      )
      nodes = found
      continue
    }
    // A delete that was asked twice finds nothing the second time, and has succeeded.
    if (outcome === 'ok' && step.expected === 'NONODE' && step.deletes) continue
    assert.equal(outcome, step.expected, `${root} step ${steps}`)
    if (outcome === 'ok') nodes = step.after
  }
  return { nodes, steps, unknown }
}

/** Watches one node for as long as it goes on; every change must be announced, and only changes. */
async function watch(client: ZooKeeperClient, isStopped: () => boolean): Promise<number> {
  let announced: (() => void) | undefined
  let events = 0
  client.onWatch(({ path }) => {
    if (path !== '/hot') return
    events++
    assert.ok(announced, 'an event without a watch')
    announced()
    announced = undefined
  })
  let lastMzxid = 0
  let rounds = 0
  while (!isStopped()) {
    const changed = new Promise<void>((resolve) => {
      announced = resolve
    })
    const { stat } = await client.get('/hot', { watch: true })
    assert.ok(stat.mzxid >= lastMzxid, 'a read went back')
    if (rounds > 0) assert.ok(stat.mzxid > lastMzxid, 'an event without a change')
    lastMzxid = stat.mzxid
    rounds++
    await changed
    assert.equal(events, rounds)
  }
  return events
}

function lost(error: unknown): void {
  if (!(error instanceof ZooKeeperError) || error.name !== 'CONNECTIONLOSS') throw error
}

async function crash(
  machine: SimulatedMachine,
  server: ZooKeeperServer,
  roll: (sides: number) => number,
  advance: (ms: number) => Promise<void>,
): Promise<ZooKeeperServer> {
  const kind = roll(3)
  if (kind === 0) {
    await server.close()
    machine.kill()
  } else {
    const { faults } = machine.platform.disk
    faults.crashAt(faults.steps + roll(30))
    await advance(roll(400))
    if (kind === 1) machine.kill()
    else machine.powerOff()
  }
  await advance(roll(300))
  return startServer(machine)
}

for (let seed = 1; seed <= 5; seed++) {
  test(`row 96: no acknowledged write is lost, watches fire once, reads never go back (seed ${seed})`, async () => {
    const world = new SimulatedWorld({ seed })
    world.network.links.delay({ minMs: 0.1, maxMs: 3 })
    const roll = dice(seed)
    const machine = world.machine('zk')
    let server = await startServer(machine)
    const app = world.machine('app').platform
    const connect = (): Promise<ZooKeeperClient> =>
      app.clock.resolve(
        ZooKeeperClient.connect({
          platform: app,
          logger: silentLogger,
          connect: `zk:${PORT}`,
          sessionTimeoutMs: 10_000,
          connectionTimeoutMs: 10_000,
        }),
      )
    const clients = [await connect(), await connect(), await connect()]
    const watcher = await connect()
    let stopped = false
    const isStopped = (): boolean => stopped
    const hot = clients[0] ?? watcher
    await app.clock.resolve(hot.create('/hot', null))
    for (const index of clients.keys()) {
      await app.clock.resolve(hot.create(`/c${index}`, null))
      await app.clock.resolve(hot.create(`/c${index}/counter`, Buffer.alloc(0)))
    }
    const workers = clients.map((client, index) =>
      work(client, `/c${index}`, dice(seed * 10 + index), isStopped),
    )
    const watching = watch(watcher, isStopped)
    const heating = (async () => {
      while (!stopped) {
        await hot.set('/hot', Buffer.from('x')).catch(lost)
        await sleep(app.clock, 7)
      }
    })()
    for (let round = 0; round < 12; round++) {
      await app.clock.advance(100 + roll(500))
      server = await crash(machine, server, roll, (ms) => app.clock.advance(ms))
    }
    await app.clock.advance(2000)
    stopped = true
    const results = await app.clock.resolve(Promise.all(workers))
    await app.clock.resolve(heating)
    await app.clock.resolve(hot.set('/hot', null))
    assert.ok((await app.clock.resolve(watching)) > 10)
    assert.ok(results.every(({ steps }) => steps > 50))
    for (const [index, { nodes }] of results.entries()) {
      const found = await app.clock.resolve(readBack(hot, `/c${index}`))
      assert.deepEqual(sorted(found), sorted(nodes))
    }
    await checkRestart(machine, server, app.clock.advance.bind(app.clock))
  })
}

/** After one more loss of power: the same tree, and no session that ended twice. */
async function checkRestart(
  machine: SimulatedMachine,
  server: ZooKeeperServer,
  advance: (ms: number) => Promise<void>,
): Promise<void> {
  await advance(30_000)
  await server.close()
  const before = dump(machine)
  machine.powerOff()
  assert.equal(dump(machine), before)
  const ended = new Set<bigint>()
  for (const { path } of numberedFiles(machine.platform.disk, VERSION_DIRECTORY, 'log')) {
    readLog(machine.platform.disk, path, ({ sessionId, txn }) => {
      if (txn.kind !== 'closeSession') return
      assert.ok(!ended.has(sessionId), 'a session ended twice')
      ended.add(sessionId)
    })
  }
}

function dump(machine: SimulatedMachine): string {
  const { tree } = recover({
    disk: machine.platform.disk,
    logger: silentLogger,
    snapshotDirectory: VERSION_DIRECTORY,
    logDirectory: VERSION_DIRECTORY,
    extendedTypes: false,
    trustEmptySnapshot: false,
  })
  const nodes = [...tree.nodes]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, node]) => [path, tree.stat(node), String(node.data)])
  return JSON.stringify(nodes, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString(16) : value,
  )
}
