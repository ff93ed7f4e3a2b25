// What a broker writes into ZooKeeper, step by step: Apache Kafka 3.9 and this broker live the same
// story under two chroots, with `zookeeper.set.acl=true`, and leave the same nodes: data, access
// lists, versions, and which of them are ephemeral.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { startBroker } from '../../src/testing/start-broker.ts'
import { Metadata } from '../../src/wire/messages/03-metadata.ts'
import { InitProducerId } from '../../src/wire/messages/22-init-producer-id.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { freePort } from '../support/free-port.ts'
import { end, missingKafka, startJava, untilServing, writeProperties } from '../support/kafka.ts'
import { runTool } from '../support/run-tool.ts'
import { until } from '../support/until.ts'
import { Wire } from '../support/wire.ts'

const HOST = '127.0.0.1'
const skip: string | false = missingKafka('3.9')
const platform = nodePlatform()
const directory = mkdtempSync(join(tmpdir(), 'ottla-znodes-'))
const jaas = join(directory, 'jaas.conf')
const MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule required'
const SETTINGS = {
  'broker.id': '1',
  'zookeeper.set.acl': 'true',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '2',
  'group.initial.rebalance.delay.ms': '0',
}

writeFileSync(jaas, `Client { ${MODULE} username="kafka" password="secret"; };`)
after(() => rmSync(directory, { recursive: true, force: true }))

interface Seen {
  readonly data: string | null
  readonly acl: string
  readonly version: number
  readonly isEphemeral: boolean
}

/** Times, ids and ports are each broker's own; settings stand in the order of Java's hash map. */
function steady(data: Buffer | null): string | null {
  if (data === null) return null
  return data
    .toString()
    .replaceAll(/"timestamp":"?\d+"?/g, '"timestamp":T')
    .replaceAll(/"(topic_id|id)":"[\w-]{22}"/g, '"$1":"ID"')
    .replaceAll(/:\d{4,5}"/g, ':PORT"')
    .replaceAll(/"port":\d{4,5}/g, '"port":PORT')
    .replaceAll(/"config":\{(.*)\}\}/g, (_whole, entries: string) => {
      const sorted = entries.split(/,(?="[\w.]+":)/).toSorted()
      return `"config":{${sorted.join(',')}}}`
    })
}

async function nodesBelow(client: ZooKeeperClient, path = '/'): Promise<Map<string, Seen>> {
  const nodes = new Map<string, Seen>()
  const { data, stat } = await client.get(path)
  const { acl } = await client.getAcl(path)
  nodes.set(path, {
    data: steady(data),
    acl: acl.map(({ perms, scheme, id }) => `${perms} ${scheme} ${id}`).join(', '),
    version: stat.version,
    isEphemeral: stat.ephemeralOwner !== 0n,
  })
  for (const name of (await client.children(path)).toSorted()) {
    const below = await nodesBelow(client, path === '/' ? `/${name}` : `${path}/${name}`)
    for (const [at, seen] of below) nodes.set(at, seen)
  }
  return nodes
}

async function tool(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runTool(args)
  assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}`)
}

interface Actor {
  readonly port: number
  readonly tree: ZooKeeperClient
}

const at = ({ port }: Actor): [string, string] => ['--bootstrap-server', `${HOST}:${port}`]
const configs = (actor: Actor, ...args: readonly string[]) =>
  tool('configs', ...at(actor), '--alter', ...args)

/** One after the other; the nodes are compared after each. */
const STORY: readonly (readonly [string, (actor: Actor) => Promise<void>])[] = [
  ['a broker starts', () => Promise.resolve()],
  [
    'a topic is created, with settings of its own',
    (actor) =>
      tool(
        'topics',
        ...at(actor),
        '--create',
        '--topic',
        'orders',
        '--partitions',
        '3',
        '--config',
        'retention.ms=3600000',
      ),
  ],
  [
    'it gets another partition',
    (actor) => tool('topics', ...at(actor), '--alter', '--topic', 'orders', '--partitions', '4'),
  ],
  [
    'its settings change',
    (actor) =>
      configs(
        actor,
        '--topic',
        'orders',
        '--add-config',
        'segment.bytes=1048576,cleanup.policy=[compact,delete]',
      ),
  ],
  [
    'a setting of it goes',
    (actor) => configs(actor, '--topic', 'orders', '--delete-config', 'retention.ms'),
  ],
  [
    'settings of all brokers',
    (actor) =>
      configs(
        actor,
        '--entity-type',
        'brokers',
        '--entity-default',
        '--add-config',
        'message.max.bytes=1048000',
      ),
  ],
  [
    'settings of one broker',
    (actor) => configs(actor, '--broker', '1', '--add-config', 'log.cleaner.threads=2'),
  ],
  [
    'ids for producers',
    async (actor) => {
      using wire = await Wire.open({ host: HOST, port: actor.port })
      await until(async () => {
        const body = { transactionalId: null, transactionTimeoutMs: 60_000 }
        const { errorCode } = await wire.ask(InitProducerId, 4, body)
        return errorCode === 0
      }, 'a producer id')
    },
  ],
  [
    'a topic is deleted',
    async (actor) => {
      await tool('topics', ...at(actor), '--create', '--topic', 'gone', '--partitions', '1')
      await tool('topics', ...at(actor), '--delete', '--topic', 'gone')
      const isGone = async () => (await actor.tree.exists('/brokers/topics/gone')) === undefined
      await until(isGone, 'the deletion', 30_000)
    },
  ],
  [
    'a topic is made by who asks for it',
    async (actor) => {
      using wire = await Wire.open({ host: HOST, port: actor.port })
      const isMade = async (): Promise<boolean> => {
        const topics = [{ name: 'asked' }]
        const body = { topics, allowAutoTopicCreation: true }
        const { topics: found } = await wire.ask(Metadata, 4, body)
        return found?.[0]?.errorCode === 0
      }
      await until(isMade, 'the topic')
    },
  ],
]

/** Sequential nodes of changes come and go by time. */
function withoutNotices(nodes: Map<string, Seen>): Record<string, Seen> {
  const kept = [...nodes].filter(
    ([path]) => !/^\/(config\/changes|isr_change_notification)\/./.test(path),
  )
  return Object.fromEntries(kept)
}

async function tellStory(actors: readonly Actor[]): Promise<void> {
  for (const [step, act] of STORY) {
    for (const actor of actors) await act(actor)
    let seen: Record<string, Seen>[] = []
    // A controller goes on working after it has answered.
    const areSame = async (): Promise<boolean> => {
      seen = await Promise.all(
        actors.map(async ({ tree }) => withoutNotices(await nodesBelow(tree))),
      )
      return JSON.stringify(seen[0]) === JSON.stringify(seen[1])
    }
    await until(areSame, step, 3_000).catch(() => {})
    const [theirs = {}, ours = {}] = seen
    for (const path of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
      assert.deepEqual(ours[path], theirs[path], `${step}: ${path}`)
    }
  }
}

test('both brokers write the same nodes at every step', { skip }, async () => {
  const server = await ZooKeeperServer.start({
    platform,
    logger: silentLogger,
    directory: join(directory, 'zookeeper'),
    listeners: [{ host: HOST, port: 0 }],
    users: { saslUsers: new Map([['kafka', 'secret']]) },
  })
  const connect = (chroot: string): Promise<ZooKeeperClient> =>
    ZooKeeperClient.connect({
      platform,
      logger: silentLogger,
      connect: `${HOST}:${server.ports[0]}${chroot}`,
      sessionTimeoutMs: 10_000,
      connectionTimeoutMs: 5_000,
      sasl: { username: 'kafka', password: 'secret' },
    })
  const port = await freePort()
  const home = join(directory, 'kafka')
  mkdirSync(home)
  const file = join(home, 'kafka.properties')
  writeProperties(file, {
    ...SETTINGS,
    listeners: `PLAINTEXT://${HOST}:${port}`,
    'zookeeper.connect': `${HOST}:${server.ports[0]}/theirs`,
    'log.dirs': join(home, 'logs'),
  })
  const login = `-Djava.security.auth.login.config=${jaas}`
  const kafka = startJava(home, 'kafka', [login, 'kafka.Kafka', file])
  const trees = [await connect('/theirs'), await connect('/ours')] as const
  try {
    await untilServing(port, kafka)
    await using broker = await startBroker({
      settings: {
        ...SETTINGS,
        'zookeeper.connect': `${HOST}:${server.ports[0]}/ours`,
        'ottla.jaas.file': jaas,
      },
    })
    await tellStory([
      { port, tree: trees[0] },
      { port: broker.port, tree: trees[1] },
    ])
  } finally {
    await Promise.all(trees.map((tree) => tree.close()))
    await end(kafka, 'SIGKILL')
    await server.close()
  }
})
