// A cluster of such brokers in one process, for tests: who leads and follows is told by plain calls.
import type { Api, Request, Response } from '../codec/api.ts'
import type { ConnectionPeer } from '../network/request-context.ts'
import type { LeaderConnector } from '../replication/leader-endpoint.ts'
import type { IsrChange, IsrOutcome } from '../replication/partition-state.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import { Fetch } from '../wire/messages/01-fetch.ts'
import { ListOffsets } from '../wire/messages/02-list-offsets.ts'
import type { Handler } from './handler.ts'
import { fetchHandler } from './handlers/01-fetch.ts'
import { listOffsetsHandler } from './handlers/02-list-offsets.ts'

import {
  TOPIC,
  TOPIC_ID,
  TestBroker,
  openConnection,
  type TestBrokerOptions,
} from './replication-support.test.ts'

export interface Leadership {
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly replicas?: readonly number[]
  readonly partitionEpoch?: number
  readonly partition?: number
  readonly isNew?: boolean
}

export class TestCluster {
  readonly world: SimulatedWorld
  readonly brokers = new Map<number, TestBroker>()
  readonly options: TestBrokerOptions
  /** Proposals of in-sync sets, and how the controller answers them: at once, unless held back. */
  readonly proposals: { from: number; change: IsrChange; done: (outcome: IsrOutcome) => void }[] =
    []
  holdProposals = false
  #cut = new Set<string>()
  #partitionEpoch = 0
  #controllerEpoch = 1

  constructor(ids: readonly number[], options: TestBrokerOptions = {}) {
    this.options = options
    this.world = new SimulatedWorld({ seed: 1 })
    for (const id of ids) this.boot(id)
  }

  /** A broker process on the disk of that machine; the one before, if any, must be killed first. */
  boot(id: number): TestBroker {
    const broker = new TestBroker(this, id, this.world.machine(`broker-${id}`).platform)
    this.brokers.set(id, broker)
    return broker
  }

  async kill(id: number): Promise<void> {
    const broker = this.broker(id)
    this.cut(id)
    await this.resolve(broker.replicas.close())
    this.world.machine(`broker-${id}`).kill()
    this.brokers.delete(id)
  }

  broker(id: number): TestBroker {
    const broker = this.brokers.get(id)
    if (broker === undefined) throw new Error(`broker ${id} is down`)
    return broker
  }

  get clock() {
    return this.world.time
  }

  settle(): Promise<void> {
    return this.world.time.advance(5)
  }

  advance(spanMs: number): Promise<void> {
    return this.world.time.advance(spanMs)
  }

  /** Moves time on until the promise has settled. */
  async resolve<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    promise.then(settled, settled)
    await this.world.time.advanceUntil(() => isSettled, 60_000)
    return promise
  }

  cut(id: number): void {
    for (const other of this.brokers.keys()) {
      this.#cut.add(`${id}-${other}`)
      this.#cut.add(`${other}-${id}`)
    }
  }

  heal(): void {
    this.#cut.clear()
  }

  /** A broker that was killed is back: the cut of its death is undone. */
  rejoin(id: number): void {
    for (const way of this.#cut) {
      if (way.startsWith(`${id}-`) || way.endsWith(`-${id}`)) this.#cut.delete(way)
    }
  }

  /** Tells the brokers named by `to` (all replicas by default) who leads. */
  lead(
    state: Leadership,
    to: readonly number[] = state.replicas ?? [...this.brokers.keys()],
  ): void {
    const replicas = [...(state.replicas ?? [...this.brokers.keys()])]
    this.#partitionEpoch = state.partitionEpoch ?? this.#partitionEpoch + 1
    for (const id of to) {
      const broker = this.brokers.get(id)
      if (broker === undefined) continue
      this.announce(broker, { ...state, replicas })
      broker.replicas.leaderAndIsr({
        controllerId: 0,
        isKRaftController: false,
        controllerEpoch: this.#controllerEpoch,
        brokerEpoch: -1,
        type: 0,
        ungroupedPartitionStates: [],
        topicStates: [
          {
            topicName: TOPIC,
            topicId: TOPIC_ID,
            partitionStates: [
              {
                topicName: '',
                partitionIndex: state.partition ?? 0,
                controllerEpoch: this.#controllerEpoch,
                leader: state.leader,
                leaderEpoch: state.leaderEpoch,
                isr: [...state.isr],
                partitionEpoch: this.#partitionEpoch,
                replicas,
                addingReplicas: [],
                removingReplicas: [],
                isNew: state.isNew ?? false,
                leaderRecoveryState: 0,
              },
            ],
          },
        ],
        liveLeaders: [],
      })
    }
  }

  announce(broker: TestBroker, state: Leadership): void {
    broker.metadata.applyUpdateMetadata({
      controllerId: 0,
      isKRaftController: false,
      type: 0,
      controllerEpoch: this.#controllerEpoch,
      brokerEpoch: -1,
      ungroupedPartitionStates: [],
      topicStates: [
        {
          topicName: TOPIC,
          topicId: TOPIC_ID,
          partitionStates: [
            {
              topicName: '',
              partitionIndex: state.partition ?? 0,
              controllerEpoch: this.#controllerEpoch,
              leader: state.leader,
              leaderEpoch: state.leaderEpoch,
              isr: [...state.isr],
              zkVersion: this.#partitionEpoch,
              replicas: [...(state.replicas ?? [])],
              offlineReplicas: [],
            },
          ],
        },
      ],
      liveBrokers: [...this.brokers.keys()].map((id) => ({
        id,
        v0Host: '',
        v0Port: 0,
        endpoints: [
          { port: 9092, host: `broker-${id}`, listener: 'PLAINTEXT', securityProtocol: 0 },
        ],
        rack: `rack-${id}`,
      })),
    })
  }

  /** The controller's side of AlterPartition. */
  propose(from: number, change: IsrChange, done: (outcome: IsrOutcome) => void): void {
    this.proposals.push({ from, change, done })
    if (!this.holdProposals) this.answer(this.proposals.length - 1)
  }

  /** Grants a proposal, or refuses it with `error`; later, as over a network. */
  answer(index: number, error = 0): void {
    const proposal = this.proposals[index]
    if (proposal === undefined) throw new Error(`no proposal ${index}`)
    const { change, done } = proposal
    if (error === 0) this.#partitionEpoch += 1
    const outcome = {
      error,
      leader: proposal.from,
      leaderEpoch: change.leaderEpoch,
      isr: change.isr.map(({ brokerId }) => brokerId),
      leaderRecoveryState: change.leaderRecoveryState,
      partitionEpoch: this.#partitionEpoch,
    }
    this.world.time.setTimer(1, () => done(outcome))
  }

  connectorFor(from: number): LeaderConnector {
    return {
      connect: (to) => {
        // As a connection that closes: what was asked gets an error.
        let connection = openConnection()
        const orClosed = <Value>(answer: (peer: ConnectionPeer) => Promise<Value>) =>
          Promise.race([answer(connection.peer), connection.closed.promise])
        return {
          fetch: (version, request) =>
            orClosed((own) => this.#call(from, to, Fetch, fetchHandler, version, request, own)),
          listOffsets: (request) =>
            orClosed((own) =>
              this.#call(from, to, ListOffsets, listOffsetsHandler, 9, request, own),
            ),
          close: () => {
            connection.peer.isClosed = true
            connection.closed.reject(new Error('closed'))
            connection = openConnection()
          },
        }
      },
    }
  }

  async #call<A extends Api>(
    from: number,
    to: number,
    api: A,
    handler: Handler,
    version: number,
    request: Request<A>,
    own: ConnectionPeer,
  ): Promise<Response<A>> {
    await this.#transit(from, to)
    const { body } = await this.broker(to).call(api, handler, version, request as never, own)
    await this.#transit(from, to)
    if (body === undefined) throw new Error('connection closed')
    return body
  }

  /** A tenth of a millisecond on the way; an error when the way is cut or nobody is there. */
  #transit(from: number, to: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.world.time.setTimer(0.1, () => {
        const isGone = this.#cut.has(`${from}-${to}`) || !this.brokers.has(to)
        if (isGone) reject(new Error(`no way from ${from} to ${to}`))
        else resolve()
      })
    })
  }
}
