// Apache Kafka's Java consumers in groups of ours: static members that are restarted one by one keep
// their partitions, and members without any step in for one that dies.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { kafkaJars } from '../../scripts/kafka-jars.ts'
import { DescribeGroups } from '../../src/wire/messages/15-describe-groups.ts'
import { CreateTopics } from '../../src/wire/messages/19-create-topics.ts'
import { startBroker, type TestBroker } from '../../src/testing/start-broker.ts'
import { end, missingKafka } from '../support/kafka.ts'
import { pause, until } from '../support/until.ts'
import { Wire } from '../support/wire.ts'

const COOPERATIVE = 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor'
const SESSION_MS = 6_000
const JOINED_WITHIN_MS = 40_000

const skip: string | false = missingKafka('3.9')
const directory = mkdtempSync(join(tmpdir(), 'ottla-java-members-'))
const config = join(directory, 'consumer.properties')
const members: Member[] = []
let broker: TestBroker | undefined

before(async () => {
  if (skip !== false) return
  writeFileSync(config, 'heartbeat.interval.ms=200\nmetadata.max.age.ms=1000\n')
  broker = await startBroker()
})

after(async () => {
  for (const member of members) await member.stop('SIGKILL')
  await broker?.stop()
  rmSync(directory, { recursive: true, force: true })
})

interface Joining {
  readonly topic: string
  readonly groupId: string
  readonly instanceId?: string
}

/** A Java process that prints each partition that it gets or gives up. */
class Member {
  readonly #child: ChildProcess
  readonly #owned = new Set<number>()
  /** Partitions that came or went, in order. */
  moves = 0

  constructor({ topic, groupId, instanceId }: Joining) {
    const options = ['-Xmx128M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
    const args = ['--bootstrap-server', `${broker?.host}:${broker?.port}`, '--topic', topic]
    args.push('--group-id', groupId, '--session-timeout', String(SESSION_MS))
    args.push('--assignment-strategy', COOPERATIVE, '--consumer.config', config)
    if (instanceId !== undefined) args.push('--group-instance-id', instanceId)
    const main = 'org.apache.kafka.tools.VerifiableConsumer'
    const { classPath = '' } = kafkaJars('3.9')
    this.#child = spawn('java', [...options, '-cp', classPath, main, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    members.push(this)
    if (this.#child.stdout === null) return
    createInterface(this.#child.stdout).on('line', (line) => this.#onLine(line))
  }

  get owned(): number[] {
    return [...this.#owned].toSorted((a, b) => a - b)
  }

  stop(signal: NodeJS.Signals): Promise<void> {
    return end(this.#child, signal)
  }

  #onLine(line: string): void {
    const event: unknown = line.startsWith('{') ? JSON.parse(line) : undefined
    if (!isRebalanceEvent(event)) return
    for (const { partition } of event.partitions) {
      this.moves++
      if (event.name === 'partitions_assigned') this.#owned.add(partition)
      else this.#owned.delete(partition)
    }
  }
}

interface RebalanceEvent {
  readonly name: 'partitions_assigned' | 'partitions_revoked'
  readonly partitions: readonly { readonly partition: number }[]
}

function isRebalanceEvent(event: unknown): event is RebalanceEvent {
  if (typeof event !== 'object' || event === null || !('name' in event)) return false
  return event.name === 'partitions_assigned' || event.name === 'partitions_revoked'
}

function connect(): Promise<Wire> {
  return Wire.open({ host: broker?.host ?? '', port: broker?.port ?? 0 })
}

async function createTopic(name: string, numPartitions: number): Promise<void> {
  using wire = await connect()
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
  const { topics } = await wire.ask(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000 })
  assert.equal(topics[0]?.errorCode, 0)
}

async function stateOf(groupId: string): Promise<string> {
  using wire = await connect()
  const { groups } = await wire.ask(DescribeGroups, 5, { groups: [groupId] })
  return `${groups[0]?.groupState} ${groups[0]?.members.length}`
}

function untilOwned(all: readonly Member[], counts: readonly number[]): Promise<void> {
  const ascending = (a: number, b: number): number => a - b
  const wanted = counts.toSorted(ascending).join()
  const isSpread = (): boolean =>
    all
      .map(({ owned }) => owned.length)
      .toSorted(ascending)
      .join() === wanted
  return until(isSpread, `partitions spread ${wanted}`, JOINED_WITHIN_MS)
}

test('a rolling restart of static, cooperative members moves no partition', { skip }, async () => {
  const [topic, groupId] = ['rolling', 'rolling']
  await createTopic(topic, 6)
  const start = (instanceId: string): Member => new Member({ topic, groupId, instanceId })
  const running = new Map(['a', 'b', 'c'].map((instanceId) => [instanceId, start(instanceId)]))
  await untilOwned([...running.values()], [2, 2, 2])
  for (const instanceId of running.keys()) {
    const old = running.get(instanceId)
    const others = [...running.values()].filter((member) => member !== old)
    const owned = old?.owned
    const moves = others.map((member) => member.moves)
    await old?.stop('SIGTERM')
    const again = start(instanceId)
    running.set(instanceId, again)
    await untilOwned([again], [2])
    // Long enough for the others to hear of a rebalance, if there were one.
    await pause(1_000)
    assert.deepEqual(again.owned, owned)
    assert.deepEqual(
      others.map((member) => member.moves),
      moves,
    )
    assert.equal(await stateOf(groupId), 'Stable 3')
  }
  for (const member of running.values()) await member.stop('SIGKILL')
})

test('a member without partitions steps in for one that dies', { skip }, async () => {
  const [topic, groupId] = ['idle', 'idle']
  await createTopic(topic, 2)
  const all = [1, 2, 3].map(() => new Member({ topic, groupId }))
  await until(async () => (await stateOf(groupId)) === 'Stable 3', 'three', JOINED_WITHIN_MS)
  await untilOwned(all, [0, 1, 1])
  const busy = all.find(({ owned }) => owned.length === 1)
  await busy?.stop('SIGKILL')
  const left = all.filter((member) => member !== busy)
  await untilOwned(left, [1, 1])
  const owned = left.flatMap((member) => member.owned)
  assert.deepEqual(new Set(owned), new Set([0, 1]))
})
