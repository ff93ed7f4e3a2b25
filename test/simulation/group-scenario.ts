// Plays a scenario of consumer groups: commands in, trace out. Time is virtual, the log is in
// memory. Members are called a, b, ...; the ids that a coordinator gives `a` read a#1, a#2, ...
//
//   settings initial-delay=0            one per scenario, before anything else
//   join a g range,sticky id=none       id: none, a#1, or any text; else the newest id of `a`
//   enter a g range                     join twice: for an id, then with it
//   sync a g a=x b=y                    the assignments, from a leader
//   heartbeat a g    leave g a b    leave g static=i1
//   commit a g t-0=5    commit none g t-0=5    fetch g t-0 t-1    fetch g stable
//   describe g    list    delete g    delete-offsets g t-0    topic-deleted t
//   marker 7 commit    advance 3000    failover    crash    hold    release    refuse CODE
import assert from 'node:assert/strict'
import { GroupCoordinator } from '../../src/coordinator/group/group-coordinator.ts'
import { decodeGroupRecord, type GroupEvent } from '../../src/coordinator/group/group-events.ts'
import type { JoinReply, Reply } from '../../src/coordinator/group/group-protocol.ts'
import {
  DEFAULT_GROUP_SETTINGS,
  type GroupSettings,
} from '../../src/coordinator/group/group-settings.ts'
import { MemoryLog } from '../../src/coordinator/memory-log.ts'
import { replayChunk } from '../../src/coordinator/replay.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { Seeded } from '../../src/testing/simulated/seeded.ts'
import { SimulatedClock } from '../../src/testing/simulated/simulated-clock.ts'
import { VirtualTime } from '../../src/testing/simulated/virtual-time.ts'
import { errorByCode, Errors } from '../../src/wire/errors.ts'
import { ConsumerProtocolSubscription } from '../../src/wire/messages/consumer-protocol.ts'
import { ControlType, controlBatch } from '../../src/wire/records/control-batch.ts'

interface Arguments {
  readonly words: readonly string[]
  readonly options: ReadonlyMap<string, string>
}

const SETTINGS: Record<string, keyof GroupSettings> = {
  'initial-delay': 'initialRebalanceDelayMs',
  'max-size': 'maxSize',
  'metadata-max': 'maxMetadataBytes',
  retention: 'offsetsRetentionMs',
  check: 'retentionCheckIntervalMs',
}

/** Runs the commands and returns the trace, one event a line. */
export async function playGroupScenario(commands: string): Promise<string> {
  const scenario = new GroupScenario()
  for (const line of commands.split('\n')) {
    if (line.trim() !== '' && !line.startsWith('#')) await scenario.play(line)
  }
  return scenario.trace.join('\n')
}

class GroupScenario {
  readonly trace: string[] = []
  readonly #clock = new SimulatedClock(new VirtualTime())
  readonly #random = new Seeded(1)
  readonly #log = new MemoryLog()
  #settings: GroupSettings = { ...DEFAULT_GROUP_SETTINGS, initialRebalanceDelayMs: 0 }
  #coordinator: GroupCoordinator | undefined
  #leaderEpoch = 0
  #printedOffset = 0
  readonly #idNames = new Map<string, string>()
  readonly #idCounts = new Map<string, number>()
  readonly #newestIds = new Map<string, string>()
  readonly #generations = new Map<string, number>()

  async play(line: string): Promise<void> {
    const [verb = '', ...rest] = line.trim().split(/\s+/)
    const parsed = parse(rest)
    this.trace.push(`> ${line.trim()}`)
    if (verb === 'settings') this.#configure(parsed)
    else if (verb === 'enter') await this.#enter(parsed)
    else await this.#perform(verb, parsed)
    await this.#clock.settle()
    this.#printLog()
  }

  async #perform(verb: string, args: Arguments): Promise<void> {
    const coordinator = await this.#current()
    const [first = '', second = ''] = args.words
    switch (verb) {
      case 'join':
        void this.#join(args)
        break
      case 'sync':
        this.#sync(coordinator, args)
        break
      case 'heartbeat':
        this.#answer(`${first} heartbeat`, coordinator.heartbeat(this.#member(first, second, args)))
        break
      case 'leave':
        this.#leave(coordinator, args)
        break
      case 'commit':
        this.#commit(coordinator, args)
        break
      case 'fetch':
        this.#fetch(coordinator, args)
        break
      case 'describe':
        this.#answer(`${first} is`, coordinator.describeGroup(first))
        break
      case 'list':
        this.#answer('groups', coordinator.listGroups([], []))
        break
      case 'delete':
        this.#answer(`delete ${first}`, coordinator.deleteGroup(first))
        break
      case 'delete-offsets': {
        const topics = topicPartitions(args.words.slice(1))
        const reply = coordinator.deleteOffsets({ groupId: first, topics })
        this.#answer(`delete-offsets ${first}`, reply)
        break
      }
      case 'topic-deleted':
        coordinator.onTopicsDeleted([first])
        break
      case 'marker':
        this.#marker(coordinator, Number(first), second === 'commit')
        break
      case 'advance':
        await this.#advance(Number(first))
        break
      default:
        await this.#disturb(verb, first)
    }
  }

  async #disturb(verb: string, word: string): Promise<void> {
    switch (verb) {
      case 'failover':
      case 'crash':
        this.#coordinator?.onResigned(0)
        this.#coordinator = undefined
        if (verb === 'crash') this.#log.truncateToHighWatermark()
        await this.#current()
        break
      case 'hold':
        this.#log.hold()
        break
      case 'release':
        this.#log.release()
        break
      case 'refuse':
        this.#log.refusal = Object.entries(Errors).find(([name]) => name === word)?.[1] ?? 0
        break
      default:
        assert.fail(`unknown command ${verb}`)
    }
  }

  #configure({ options }: Arguments): void {
    for (const [name, value] of options) {
      const setting = SETTINGS[name]
      assert(setting !== undefined, `unknown setting ${name}`)
      this.#settings = { ...this.#settings, [setting]: Number(value) }
    }
  }

  /** The coordinator, loaded. */
  async #current(): Promise<GroupCoordinator> {
    if (this.#coordinator !== undefined) return this.#coordinator
    const coordinator = new GroupCoordinator({
      platform: { clock: this.#clock, random: this.#random },
      logger: silentLogger,
      settings: this.#settings,
      partitionCount: () => 1,
      openLog: () => this.#log,
    })
    coordinator.onLeaderElected(0, this.#leaderEpoch++)
    this.#coordinator = coordinator
    await this.#clock.settle()
    return coordinator
  }

  /** Small steps, so that lines appear at the time of what they tell. */
  async #advance(spanMs: number): Promise<void> {
    for (let left = spanMs; left > 0; left -= 500) {
      await this.#clock.advance(Math.min(left, 500))
      this.#printLog()
    }
  }

  async #enter(args: Arguments): Promise<void> {
    await this.#current()
    const first = await this.#join({ ...args, options: new Map([...args.options, ['id', 'none']]) })
    if (first.errorCode === Errors.MEMBER_ID_REQUIRED) {
      void this.#join({ ...args, options: new Map([...args.options, ['id', first.memberId]]) })
    }
  }

  #join({ words, options }: Arguments): Promise<JoinReply> {
    const [alias = '', groupId = '', protocols = ''] = words
    const version = Number(options.get('version') ?? 9)
    const instance = options.get('static') ?? null
    const id = options.get('id')
    const known = this.#newestIds.get(`${groupId}/${alias}`) ?? ''
    const topics = (options.get('topics') ?? 't').split(',')
    const metadata = ConsumerProtocolSubscription.encodeVersioned(0, { topics, userData: null })
    const joined = this.#coordinatorNow().joinGroup(
      {
        groupId,
        sessionTimeoutMs: Number(options.get('session') ?? 10_000),
        rebalanceTimeoutMs: Number(options.get('rebalance') ?? 3_000),
        memberId: id === 'none' ? '' : id === undefined ? known : this.#idOf(id),
        groupInstanceId: instance,
        protocolType: options.get('type') ?? 'consumer',
        protocols: protocols
          .split(',')
          .filter((name) => name !== '')
          .map((name) => ({ name, metadata })),
      },
      {
        clientId: alias,
        clientHost: '/127.0.0.1',
        requireKnownMemberId: version >= 4 && instance === null,
        supportsSkippingAssignment: version >= 9,
      },
    )
    void joined.then((reply) => {
      if (reply.memberId !== '') this.#newestIds.set(`${groupId}/${alias}`, reply.memberId)
      if (reply.errorCode === 0) {
        this.#generations.set(`${groupId}/${alias}`, reply.generationId)
      }
    })
    this.#answer(`${alias} join`, joined)
    return joined
  }

  #sync(coordinator: GroupCoordinator, args: Arguments): void {
    const [alias = '', groupId = ''] = args.words
    const given = [...args.options].filter(([name]) => name.length === 1)
    const assignments = given.map(([name, text]) => ({
      memberId: this.#newestIds.get(`${groupId}/${name}`) ?? name,
      assignment: Buffer.from(text),
    }))
    const request = {
      ...this.#member(alias, groupId, args),
      protocolType: args.options.get('type') ?? null,
      protocolName: args.options.get('protocol') ?? null,
      assignments,
    }
    this.#answer(`${alias} sync`, coordinator.syncGroup(request))
  }

  #leave(coordinator: GroupCoordinator, { words, options }: Arguments): void {
    const [groupId = '', ...aliases] = words
    const members = aliases.map((alias) => ({
      memberId: this.#newestIds.get(`${groupId}/${alias}`) ?? alias,
      groupInstanceId: null,
    }))
    const instance = options.get('static')
    const named = instance === undefined ? [] : [{ memberId: '', groupInstanceId: instance }]
    const request = { groupId, members: [...members, ...named] }
    this.#answer(`leave ${groupId}`, coordinator.leaveGroup(request))
  }

  #commit(coordinator: GroupCoordinator, args: Arguments): void {
    const [alias = '', groupId = ''] = args.words
    const offsets = [...args.options].filter(([name]) => /-\d+$/.test(name))
    const topics = offsets.map(([name, offset]) => ({
      name: name.slice(0, name.lastIndexOf('-')),
      partitions: [
        {
          partitionIndex: Number(name.slice(name.lastIndexOf('-') + 1)),
          committedOffset: Number(offset),
          committedLeaderEpoch: -1,
          committedMetadata: args.options.get('metadata') ?? null,
        },
      ],
    }))
    const member =
      alias === 'none'
        ? { groupId, memberId: '', generationId: -1, groupInstanceId: null }
        : this.#member(alias, groupId, args)
    const producer = args.options.get('txn')
    const transaction = producer === undefined ? undefined : { id: Number(producer), epoch: 0 }
    const retentionTimeMs = Number(args.options.get('keep') ?? -1)
    const request = { ...member, retentionTimeMs, topics }
    this.#answer(`${alias} commit`, coordinator.commitOffsets(request, transaction))
  }

  #fetch(coordinator: GroupCoordinator, { words }: Arguments): void {
    const [groupId = '', ...names] = words
    const partitions = names.filter((name) => name !== 'stable')
    const topics = partitions.length === 0 ? null : topicPartitions(partitions)
    const request = { groupId, topics, requireStable: names.includes('stable') }
    this.#answer(`fetch ${groupId}`, coordinator.fetchOffsets(request))
  }

  #marker(coordinator: GroupCoordinator, producerId: number, committed: boolean): void {
    const type = committed ? ControlType.commit : ControlType.abort
    const marker = { type, producerId, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 0 }
    this.#log.append(controlBatch(marker))
    coordinator.onTransactionCompleted(0, producerId, committed)
  }

  #member(alias: string, groupId: string, { options }: Arguments) {
    const key = `${groupId}/${alias}`
    return {
      groupId,
      memberId: this.#idOf(options.get('id') ?? this.#newestIds.get(key) ?? alias),
      generationId: Number(options.get('generation') ?? this.#generations.get(key) ?? 0),
      groupInstanceId: options.get('static') ?? null,
    }
  }

  #coordinatorNow(): GroupCoordinator {
    assert(this.#coordinator !== undefined)
    return this.#coordinator
  }

  #answer(what: string, reply: Promise<Reply>): void {
    void reply.then((answer) => this.#print(`${what}: ${describe(answer) || 'nothing'}`))
  }

  #print(text: string): void {
    const named = text.replaceAll(
      /\b([\w-]+?)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g,
      (id) => this.#nameOf(id),
    )
    this.trace.push(`${String(Math.round(this.#clock.monotonicMs())).padStart(6)} ${named}`)
  }

  #nameOf(id: string): string {
    const known = this.#idNames.get(id)
    if (known !== undefined) return known
    const prefix = id.slice(0, -37)
    const count = (this.#idCounts.get(prefix) ?? 0) + 1
    this.#idCounts.set(prefix, count)
    const name = `${prefix}#${count}`
    this.#idNames.set(id, name)
    return name
  }

  /** The id that the trace calls `name`. */
  #idOf(name: string): string {
    for (const [id, known] of this.#idNames) if (known === name) return id
    return name
  }

  #printLog(): void {
    for (const batch of this.#log.batches) {
      const target = {
        apply: (event: GroupEvent, _offset: number, producer: { id: number } | undefined) => {
          const suffix = producer === undefined ? '' : ` in transaction ${producer.id}`
          this.#print(`log: ${describeEvent(event)}${suffix}`)
        },
        completeTransaction: (id: number, committed: boolean) =>
          this.#print(`log: transaction ${id} ${committed ? 'committed' : 'aborted'}`),
      }
      const from = this.#printedOffset
      const next = replayChunk(batch, from, target, decodeGroupRecord, assert.fail)
      this.#printedOffset = Math.max(from, next)
    }
  }
}

function parse(words: readonly string[]): Arguments {
  const options = new Map<string, string>()
  const plain: string[] = []
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 0) plain.push(word)
    else options.set(word.slice(0, at), word.slice(at + 1))
  }
  return { words: plain, options }
}

function topicPartitions(names: readonly string[]) {
  return names.map((name) => {
    const at = name.lastIndexOf('-')
    return { name: name.slice(0, at), partitionIndexes: [Number(name.slice(at + 1))] }
  })
}

function codeName(code: number): string {
  return code === 0 ? 'ok' : (errorByCode(code)?.name ?? String(code))
}

function describe(reply: Reply): string {
  switch (reply.kind) {
    case 'join':
      return describeJoin(reply)
    case 'sync':
      if (reply.errorCode !== 0) return codeName(reply.errorCode)
      return `${reply.protocolType} ${reply.protocolName} "${reply.assignment.toString()}"`
    case 'code':
      return codeName(reply.errorCode)
    case 'leave':
      return [
        codeName(reply.errorCode),
        ...reply.members.map(
          (member) =>
            `${member.memberId || `static ${member.groupInstanceId}`} ${codeName(member.errorCode)}`,
        ),
      ].join(', ')
    case 'commit':
      return describePartitions(reply.topics)
    case 'deleteOffsets':
      return `${codeName(reply.errorCode)} ${describePartitions(reply.topics)}`.trim()
    case 'offsets':
      if (reply.errorCode !== 0) return codeName(reply.errorCode)
      return reply.topics
        .flatMap(({ name, partitions }) =>
          partitions.map((partition) => {
            const metadata = partition.metadata === '' ? '' : ` "${partition.metadata}"`
            const value =
              partition.errorCode === 0 ? partition.committedOffset : codeName(partition.errorCode)
            return `${name}-${partition.partitionIndex}=${value}${metadata}`
          }),
        )
        .join(' ')
    case 'describe': {
      if (reply.errorCode !== 0) return codeName(reply.errorCode)
      const members = reply.members.map(
        ({ memberId, memberAssignment }) => `${memberId}"${memberAssignment.toString()}"`,
      )
      const { groupState, protocolType, protocolData } = reply
      return [groupState, protocolType, protocolData, ...members].filter(Boolean).join(' ')
    }
    case 'list':
      return reply.groups
        .map(({ groupId, groupState, protocolType }) =>
          [groupId, groupState, protocolType].filter(Boolean).join(' '),
        )
        .join(', ')
  }
}

function describeJoin(reply: JoinReply): string {
  if (reply.errorCode !== 0) return [codeName(reply.errorCode), reply.memberId].join(' ').trim()
  const members = reply.members.map(({ memberId }) => memberId).join(',')
  return [
    `${reply.memberId} in generation ${reply.generationId}`,
    `${reply.protocolType} ${reply.protocolName}`,
    `leader ${reply.leader}`,
    ...(members === '' ? [] : [`members ${members}`]),
    ...(reply.skipAssignment ? ['skips assignment'] : []),
  ].join(', ')
}

function describePartitions(
  topics: readonly {
    readonly name: string
    readonly partitions: readonly { partitionIndex: number; errorCode: number }[]
  }[],
): string {
  return topics
    .flatMap(({ name, partitions }) =>
      partitions.map((one) => `${name}-${one.partitionIndex} ${codeName(one.errorCode)}`),
    )
    .join(', ')
}

function describeEvent(event: GroupEvent): string {
  switch (event.kind) {
    case 'offset':
      return `${event.groupId} ${event.topic}-${event.partition} = ${event.value.offset}`
    case 'offsetRemoved':
      return `${event.groupId} ${event.topic}-${event.partition} removed`
    case 'groupRemoved':
      return `${event.groupId} removed`
    case 'group': {
      const members = event.members.map(
        ({ memberId, assignment }) => `${memberId}"${assignment.toString()}"`,
      )
      const parts = [event.protocolType, event.protocol ?? 'empty', ...members]
      return `${event.groupId} generation ${event.generation} ${parts.join(' ')}`
    }
  }
}
