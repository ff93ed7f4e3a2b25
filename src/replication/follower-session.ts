// The follower's half of a fetch session (KIP-227): what the leader knows already, and the next
// request made from what has changed since.
import { Errors } from '../wire/errors.ts'
import type { FetchRequest, FetchResponse } from '../wire/messages/01-fetch.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { INITIAL_EPOCH } from './fetch-session.ts'
import type { FollowedPartition } from './followed-partition.ts'

/** What stays the same in all fetches of a follower. */
export interface FollowerFetchSettings {
  readonly brokerId: number
  readonly brokerEpoch: number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly partitionMaxBytes: number
}

/** As last told to the leader. */
interface Told {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly leaderEpoch: number
  readonly logStartOffset: number
}

/** Followers of 3.9 fetch at this version; without a topic id for each partition, by name. */
const BY_ID = 17
const BY_NAME = 12
const MAX_EPOCH = 0x7fffffff

type RequestedTopic = FetchRequest['topics'][number]
type ForgottenTopic = FetchRequest['forgottenTopicsData'][number]

export interface FollowerFetch {
  readonly version: number
  readonly request: FetchRequest
}

export class FollowerSession {
  #id = 0
  #epoch = INITIAL_EPOCH
  #version = BY_ID
  #told = new Map<string, Told>()

  /** The request for `partitions`, as short as the session allows. */
  next(partitions: readonly FollowedPartition[], settings: FollowerFetchSettings): FollowerFetch {
    const version = partitions.every(({ partition }) => partition.topicId !== undefined)
      ? BY_ID
      : BY_NAME
    if (version !== this.#version) this.reset()
    this.#version = version
    const isFull = this.#epoch === INITIAL_EPOCH
    const previous = isFull ? new Map<string, Told>() : this.#told
    const told = new Map<string, Told>()
    const topics = new Map<string, RequestedTopic>()
    for (const followed of partitions) {
      const state = toldOf(followed)
      const key = `${state.topic}-${state.partition}`
      const known = previous.get(key)
      told.set(key, state)
      if (known === undefined || !isSame(known, state)) {
        requestPartition(topics, state, settings.partitionMaxBytes)
      }
    }
    const forgotten = [...previous].filter(([key]) => !told.has(key)).map(([, state]) => state)
    this.#told = told
    return { version, request: this.#request(version, topics, forgotten, settings) }
  }

  /** Takes the answer's session; false when it refused the session and says nothing else. */
  onAnswer(response: FetchResponse): boolean {
    if (response.errorCode === Errors.NONE) {
      if (response.sessionId === 0) this.#forget()
      else if (this.#epoch === INITIAL_EPOCH) this.#begin(response.sessionId)
      else this.#epoch = this.#epoch === MAX_EPOCH ? 1 : this.#epoch + 1
      return true
    }
    if (response.errorCode === Errors.FETCH_SESSION_ID_NOT_FOUND) this.#forget()
    else this.reset()
    return false
  }

  /** The next request names everything and asks for a new session in place of the old. */
  reset(): void {
    this.#epoch = INITIAL_EPOCH
    this.#told = new Map()
  }

  #forget(): void {
    this.#id = 0
    this.reset()
  }

  #begin(sessionId: number): void {
    this.#id = sessionId
    this.#epoch = 1
  }

  #request(
    version: number,
    topics: ReadonlyMap<string, RequestedTopic>,
    forgotten: readonly Told[],
    settings: FollowerFetchSettings,
  ): FetchRequest {
    const { brokerId, brokerEpoch } = settings
    const inState = version >= 15
    return {
      clusterId: null,
      replicaId: inState ? -1 : brokerId,
      replicaState: inState
        ? { replicaId: brokerId, replicaEpoch: brokerEpoch }
        : { replicaId: -1, replicaEpoch: -1 },
      maxWaitMs: settings.maxWaitMs,
      minBytes: settings.minBytes,
      maxBytes: settings.maxBytes,
      isolationLevel: 0,
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      topics: [...topics.values()],
      forgottenTopicsData: forgottenTopics(forgotten),
      rackId: '',
    }
  }
}

function toldOf(followed: FollowedPartition): Told {
  const { partition, log } = followed
  return {
    topic: partition.topic,
    topicId: partition.topicId ?? ZERO_UUID,
    partition: partition.index,
    fetchOffset: followed.fetchOffset,
    lastFetchedEpoch: followed.lastFetchedEpoch,
    leaderEpoch: followed.leaderEpoch,
    logStartOffset: log.logStartOffset,
  }
}

function isSame(a: Told, b: Told): boolean {
  return (
    a.fetchOffset === b.fetchOffset &&
    a.lastFetchedEpoch === b.lastFetchedEpoch &&
    a.leaderEpoch === b.leaderEpoch &&
    a.logStartOffset === b.logStartOffset &&
    a.topicId === b.topicId
  )
}

function requestPartition(
  topics: Map<string, RequestedTopic>,
  state: Told,
  partitionMaxBytes: number,
): void {
  let topic = topics.get(state.topic)
  if (topic === undefined) {
    topic = { topic: state.topic, topicId: state.topicId, partitions: [] }
    topics.set(state.topic, topic)
  }
  topic.partitions.push({
    partition: state.partition,
    currentLeaderEpoch: state.leaderEpoch,
    fetchOffset: state.fetchOffset,
    lastFetchedEpoch: state.lastFetchedEpoch,
    logStartOffset: state.logStartOffset,
    partitionMaxBytes,
    replicaDirectoryId: ZERO_UUID,
  })
}

function forgottenTopics(forgotten: readonly Told[]): ForgottenTopic[] {
  const topics = new Map<string, ForgottenTopic>()
  for (const { topic, topicId, partition } of forgotten) {
    const known = topics.get(topic)
    if (known === undefined) topics.set(topic, { topic, topicId, partitions: [partition] })
    else known.partitions.push(partition)
  }
  return [...topics.values()]
}
