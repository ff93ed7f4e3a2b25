// Plays a scenario of the controller: commands in, trace out. The trace shows what changed in
// ZooKeeper and which requests reached which brokers.
//
//   brokers 3 racks=a,b,c fast        starts brokers 1 to 3; fast: with fast failover
//   create t partitions=2 rf=3        or replicas=1,2;2,3; timeout=0; validate
//   add-partitions t 4                to a total of 4
//   delete t u                        by name
//   isr t-0 1,2                       the leader asks for this in-sync set
//   alter t-0 broker=1 leader-epoch=0 partition-epoch=0 isr=1,2     any AlterPartition
//   crash 1   start 1   stop 1        kill -9; start; controlled shutdown and end of session
//   cut 1   heal 1   reset 1          no packet between 1 and the others; its connections break
//   restart 1                         kill -9, and at once a new process in the old session
//   expire                            time passes until sessions of crashed brokers are over
//   elect preferred t-0               or unclean; without partitions: all
//   reassign t-0 2,3   cancel t-0   reassignments
//   answer 2 t-0 56                   from now on broker 2 answers this for the partition
//   config t k=v                      settings of a topic
//   set PATH TEXT   remove PATH       somebody meddles with ZooKeeper
//   notify-log-dir 2   producer-ids 1   settings k=v   advance 1000   imbalance
import assert from 'node:assert/strict'
import type { ControllerSettings } from '../../src/controller/controller-types.ts'
import { decodeState, decodeTopic, encodeLogDirEvent } from '../../src/metadata/znodes.ts'
import { errorByCode } from '../../src/wire/errors.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { ControllerTrace } from './controller-trace.ts'
import { ControllerWorld, SESSION_TIMEOUT_MS } from './controller-world.ts'

interface Arguments {
  readonly words: readonly string[]
  readonly options: ReadonlyMap<string, string>
}

/** Runs the commands and returns the trace, one event a line. */
export async function playControllerScenario(commands: string): Promise<string> {
  const scenario = new ControllerScenario(await ControllerWorld.create())
  for (const line of commands.split('\n')) {
    if (line.trim() !== '' && !line.startsWith('#')) await scenario.play(line)
  }
  await scenario.close()
  return scenario.trace.join('\n')
}

class ControllerScenario {
  readonly #world: ControllerWorld
  readonly #trace: ControllerTrace

  constructor(world: ControllerWorld) {
    this.#world = world
    this.#trace = new ControllerTrace(world)
  }

  get trace(): string[] {
    return this.#trace.lines
  }

  close(): Promise<void> {
    return this.#world.close()
  }

  async play(line: string): Promise<void> {
    const [verb = '', ...rest] = line.trim().split(/\s+/)
    this.trace.push(`> ${line.trim()}`)
    const answered = this.#perform(verb, parse(rest))
    await this.#world.settle()
    await this.#trace.printChanges()
    await answered
    await this.#world.settle()
    await this.#trace.printChanges()
  }

  async #perform(verb: string, args: Arguments): Promise<void> {
    const [first = ''] = args.words
    switch (verb) {
      case 'brokers':
        if (args.words.includes('fast')) this.#set({ fastFailoverEnable: true })
        return this.#startAll(Number(first), args.options.get('racks')?.split(',') ?? [])
      case 'create':
        return this.#create(first, args)
      case 'add-partitions':
        return this.#addPartitions(first, Number(args.words[1]))
      case 'delete':
        return this.#delete(args)
      case 'isr':
        return this.#changeIsr(first, numbers(args.words[1]))
      case 'alter':
        return this.#alter(first, args.options)
      case 'elect':
        return this.#elect(first, args.words.slice(1))
      case 'reassign':
        return this.#reassign(first, numbers(args.words[1]))
      case 'cancel':
        return this.#reassign(first, null)
      case 'reassignments':
        return this.#listReassignments()
      default:
        return this.#disturb(verb, first, args)
    }
  }

  async #disturb(verb: string, first: string, args: Arguments): Promise<void> {
    const world = this.#world
    switch (verb) {
      case 'crash':
        world.broker(Number(first)).crash()
        return
      case 'cut':
      case 'heal': {
        const others = [...world.brokers.keys()].filter((id) => id !== Number(first))
        for (const id of others) {
          if (verb === 'cut') world.simulated.network.links.cut(`host${first}`, `host${id}`)
          else world.simulated.network.links.heal(`host${first}`, `host${id}`)
        }
        return
      }
      case 'reset':
        world.broker(Number(first)).reset()
        return
      case 'restart':
        await world.restart(Number(first))
        return
      case 'start':
        await world.start(Number(first))
        return
      case 'stop':
        return this.#stop(Number(first))
      case 'expire':
        return world.advance(SESSION_TIMEOUT_MS * 2)
      case 'advance':
        return world.advance(Number(first))
      case 'answer':
        world.broker(Number(first)).errors.set(args.words[1] ?? '', Number(args.words[2]))
        return
      case 'settings':
        return this.#configure(args.options)
      default:
        return this.#meddle(verb, first, args)
    }
  }

  async #meddle(verb: string, first: string, args: Arguments): Promise<void> {
    const { zookeeper } = this.#world
    switch (verb) {
      case 'config': {
        const store = this.#world.active?.configStore
        return store?.write(`topics/${first}`, args.options)
      }
      case 'set': {
        const data = Buffer.from(args.words.slice(1).join(' '))
        const isThere = (await zookeeper.exists(first)) !== undefined
        if (isThere) await zookeeper.set(first, data)
        else await zookeeper.create(first, data)
        return
      }
      case 'remove':
        return zookeeper.delete(first)
      case 'notify-log-dir': {
        const path = '/log_dir_event_notification/log_dir_event_'
        await zookeeper.create(path, encodeLogDirEvent(Number(first)), { sequential: true })
        return
      }
      case 'producer-ids':
        return this.#allocateProducerIds(Number(first))
      default:
        assert.fail(`unknown command ${verb}`)
    }
  }

  async #startAll(count: number, racks: readonly string[]): Promise<void> {
    for (let id = 1; id <= count; id += 1) await this.#world.start(id, racks[id - 1] ?? null)
  }

  async #stop(brokerId: number): Promise<void> {
    const broker = this.#world.broker(brokerId)
    const request = { brokerId, brokerEpoch: broker.epoch }
    const response = await this.#world.controller.controlledShutdown(request)
    const left = response.remainingPartitions.map((it) => `${it.topicName}-${it.partitionIndex}`)
    this.#answer(`shutdown of ${brokerId}`, response.errorCode, `remaining ${left.join(',')}`)
    await broker.controller.stop()
    await broker.end()
  }

  async #create(name: string, { words, options }: Arguments): Promise<void> {
    const replicas = options.get('replicas')?.split(';').map(numbers)
    const topics = [
      {
        name,
        numPartitions: replicas === undefined ? Number(options.get('partitions') ?? -1) : -1,
        replicationFactor: replicas === undefined ? Number(options.get('rf') ?? -1) : -1,
        assignments: (replicas ?? []).map((brokerIds, partitionIndex) => {
          return { partitionIndex, brokerIds }
        }),
        configs: [],
      },
    ]
    const timeoutMs = Number(options.get('timeout') ?? 5000)
    const validateOnly = words.includes('validate')
    const pending = this.#world.controller.createTopics({ topics, timeoutMs, validateOnly })
    await this.#settleOr(pending, timeoutMs)
    for (const result of await pending) {
      const detail = `partitions ${result.numPartitions} rf ${result.replicationFactor}`
      this.#answer(`create ${name}`, result.errorCode, result.errorMessage ?? detail)
    }
  }

  async #addPartitions(name: string, count: number): Promise<void> {
    const results = await this.#world.controller.createPartitions({
      topics: [{ name, count, assignments: null }],
      timeoutMs: 5000,
      validateOnly: false,
    })
    for (const it of results) this.#answer(`add ${name}`, it.errorCode, it.errorMessage)
  }

  async #delete({ words }: Arguments): Promise<void> {
    const topics = words.map((name) => ({ name, topicId: ZERO_UUID }))
    const pending = this.#world.controller.deleteTopics(topics, 5000)
    await this.#settleOr(pending, 5000)
    for (const it of await pending) this.#answer(`delete ${it.name}`, it.errorCode, null)
  }

  // Lets the time of a waiting reply pass when nothing else answers it.
  async #settleOr(pending: Promise<unknown>, timeoutMs: number): Promise<void> {
    let isAnswered = false
    void pending.then(() => {
      isAnswered = true
    })
    await this.#world.settle()
    if (!isAnswered) await this.#world.advance(timeoutMs)
  }

  async #changeIsr(name: string, isr: readonly number[]): Promise<void> {
    const { topic, partition } = named(name)
    const node = this.#trace.node(`/brokers/topics/${topic}/partitions/${partition}/state`)
    const state = decodeState(node?.data ?? null)
    assert(state !== undefined && node !== undefined)
    const options = new Map([
      ['broker', String(state.leader)],
      ['leader-epoch', String(state.leaderEpoch)],
      ['partition-epoch', String(node.version)],
      ['isr', isr.join(',')],
    ])
    await this.#alter(name, options)
  }

  async #alter(name: string, options: ReadonlyMap<string, string>): Promise<void> {
    const { topic, partition } = named(name)
    const brokerId = Number(options.get('broker'))
    const broker = this.#world.brokers.get(brokerId)
    const node = this.#trace.node(`/brokers/topics/${topic}`)
    const response = await this.#world.controller.alterPartition(
      {
        brokerId,
        brokerEpoch: Number(options.get('epoch') ?? broker?.epoch ?? -1),
        topics: [
          {
            topicName: topic,
            topicId: decodeTopic(node?.data ?? null)?.id ?? ZERO_UUID,
            partitions: [
              {
                partitionIndex: partition,
                leaderEpoch: Number(options.get('leader-epoch')),
                newIsr: [],
                newIsrWithEpochs: numbers(options.get('isr')).map((id) => ({
                  brokerId: id,
                  brokerEpoch: this.#world.brokers.get(id)?.epoch ?? -1,
                })),
                leaderRecoveryState: Number(options.get('recovery') ?? 0),
                partitionEpoch: Number(options.get('partition-epoch')),
              },
            ],
          },
        ],
      },
      3,
    )
    const code = response.topics[0]?.partitions[0]?.errorCode ?? response.errorCode
    this.#answer(`alter ${name}`, code, null)
  }

  async #elect(type: string, names: readonly string[]): Promise<void> {
    const partitions = names.map(named)
    const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
    const topicPartitions = [...byTopic].map(([topic, entries]) => ({
      topic,
      partitions: entries.map(({ partition }) => partition),
    }))
    const response = await this.#world.controller.electLeaders({
      electionType: type === 'unclean' ? 1 : 0,
      topicPartitions: names.length === 0 ? null : topicPartitions,
      timeoutMs: 5000,
    })
    for (const { topic, partitionResult } of response.replicaElectionResults) {
      for (const it of partitionResult) {
        this.#answer(`elect ${topic}-${it.partitionId}`, it.errorCode, it.errorMessage)
      }
    }
  }

  async #reassign(name: string, replicas: readonly number[] | null): Promise<void> {
    const { topic, partition } = named(name)
    const response = await this.#world.controller.alterPartitionReassignments({
      timeoutMs: 5000,
      topics: [
        {
          name: topic,
          partitions: [
            { partitionIndex: partition, replicas: replicas === null ? null : [...replicas] },
          ],
        },
      ],
    })
    const result = response.responses[0]?.partitions[0]
    this.#answer(`reassign ${name}`, result?.errorCode ?? 0, result?.errorMessage ?? null)
  }

  async #listReassignments(): Promise<void> {
    const request = { timeoutMs: 5000, topics: null }
    const response = await this.#world.controller.listPartitionReassignments(request)
    for (const { name, partitions } of response.topics) {
      for (const it of partitions) {
        const { addingReplicas, removingReplicas, replicas } = it
        const moved = `${replicas.join()} adding ${addingReplicas.join()} removing ${removingReplicas.join()}`
        this.trace.push(`  ${name}-${it.partitionIndex} ${moved}`)
      }
    }
  }

  async #allocateProducerIds(brokerId: number): Promise<void> {
    const brokerEpoch = this.#world.brokers.get(brokerId)?.epoch ?? -1
    const response = await this.#world.controller.allocateProducerIds({ brokerId, brokerEpoch })
    const block = `${response.producerIdStart} + ${response.producerIdLen}`
    this.#answer(`producer ids of ${brokerId}`, response.errorCode, block)
  }

  #configure(options: ReadonlyMap<string, string>): void {
    const changes = [...options].map(([name, value]) => {
      if (value === 'true' || value === 'false') return [name, value === 'true']
      return [name, Number(value)]
    })
    this.#set(Object.fromEntries(changes))
  }

  #set(changes: Partial<ControllerSettings>): void {
    this.#world.settings = { ...this.#world.settings, ...changes }
    for (const { controller } of this.#world.brokers.values()) controller.onSettingsChange()
  }

  #answer(what: string, errorCode: number, detail: string | null): void {
    const error = errorCode === 0 ? 'ok' : errorByCode(errorCode).name
    this.trace.push(`  ${what}: ${error}${detail === null ? '' : ` (${detail})`}`)
  }
}

function parse(words: readonly string[]): Arguments {
  const isOption = (word: string): boolean => /^[a-zA-Z.-]+=/.test(word)
  const options = words.filter(isOption).map((word): [string, string] => {
    const at = word.indexOf('=')
    return [word.slice(0, at), word.slice(at + 1)]
  })
  return { words: words.filter((word) => !isOption(word)), options: new Map(options) }
}

function numbers(text: string | undefined): number[] {
  return (text ?? '')
    .split(',')
    .filter((part) => part !== '')
    .map(Number)
}

function named(text: string): { topic: string; partition: number } {
  const at = text.lastIndexOf('-')
  return { topic: text.slice(0, at), partition: Number(text.slice(at + 1)) }
}
