// All fetch sessions of a broker: a fixed number of slots. When they are taken, a newcomer gets one
// that was not used for two minutes; a follower also gets that of a consumer, and a reader of many
// partitions that of a reader of few. Whoever gets none fetches in full each time.
import type { Random } from '../platform/random.ts'
import { Errors } from '../wire/errors.ts'
import {
  FetchSession,
  FINAL_EPOCH,
  INITIAL_EPOCH,
  partitionKey,
  SessionPartition,
} from './fetch-session.ts'
import type { RequestedPartition } from './fetch-session.ts'
import type { FetchResult } from './fetch-types.ts'

const EVICTION_MS = 120_000

/** The session part of a Fetch request. */
export interface SessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly usesTopicIds: boolean
  readonly isFollower: boolean
  readonly partitions: readonly RequestedPartition[]
  readonly forgotten: readonly { topic: string; topicId: string; partition: number }[]
}

/** What a request turned out to ask for. */
export interface FetchContext {
  /** Of the whole answer. */
  readonly error: number
  readonly targets: readonly SessionPartition[]
  /** The session to name in the answer (0: none) and which results belong into it. */
  conclude(results: readonly FetchResult[], nowMs: number): SessionAnswer
}

export interface SessionAnswer {
  readonly sessionId: number
  /** Undefined: all. */
  readonly included: readonly boolean[] | undefined
}

const NO_SESSION: SessionAnswer = { sessionId: 0, included: undefined }

export class FetchSessions {
  readonly #slots: number
  readonly #random: Random
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>()
  /** Sessions that had to give way. */
  evictions = 0

  constructor(slots: number, random: Random) {
    this.#slots = slots
    this.#random = random
  }

  get size(): number {
    return this.#sessions.size
  }

  get partitionCount(): number {
    let count = 0
    for (const session of this.#sessions.values()) count += session.size
    return count
  }

  /** Finds out what `request` asks for; its session goes to the next epoch. */
  open(request: SessionRequest, nowMs: number): FetchContext {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      if (sessionId !== 0) this.#sessions.delete(sessionId)
      return this.#full(request, sessionEpoch === INITIAL_EPOCH)
    }
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return refused(Errors.FETCH_SESSION_ID_NOT_FOUND)
    if (session.epoch !== sessionEpoch) return refused(Errors.INVALID_FETCH_SESSION_EPOCH)
    if (session.usesTopicIds !== request.usesTopicIds) {
      return refused(Errors.FETCH_SESSION_TOPIC_ID_ERROR)
    }
    session.update(request.partitions, request.forgotten)
    if (session.partitions.size === 0) {
      this.#sessions.delete(sessionId)
      return { error: Errors.NONE, targets: [], conclude: () => NO_SESSION }
    }
    this.#touch(session, nowMs)
    session.advanceEpoch()
    return incremental(session)
  }

  #full(request: SessionRequest, wantsSession: boolean): FetchContext {
    const partitions = new Map<string, SessionPartition>()
    for (const requested of request.partitions) {
      partitions.set(partitionKey(requested, request.usesTopicIds), new SessionPartition(requested))
    }
    const targets = [...partitions.values()]
    return {
      error: Errors.NONE,
      targets,
      conclude: (results, nowMs) => {
        if (!wantsSession) return NO_SESSION
        const session = this.#create(request, partitions, nowMs)
        if (session === undefined) return NO_SESSION
        for (const [place, target] of targets.entries()) {
          const result = results[place]
          if (result !== undefined) target.tell(result)
        }
        return { sessionId: session.id, included: undefined }
      },
    }
  }

  #create(
    request: SessionRequest,
    partitions: Map<string, SessionPartition>,
    nowMs: number,
  ): FetchSession | undefined {
    if (partitions.size === 0) return undefined
    if (this.#sessions.size >= this.#slots) {
      const victim = this.#victim(request.isFollower, partitions.size, nowMs)
      if (victim === undefined) return undefined
      this.#sessions.delete(victim.id)
      this.evictions += 1
    }
    const { isFollower, usesTopicIds } = request
    const session = new FetchSession(this.#newId(), isFollower, usesTopicIds, nowMs, partitions)
    this.#sessions.set(session.id, session)
    return session
  }

  #victim(privileged: boolean, size: number, nowMs: number): FetchSession | undefined {
    const [oldest] = this.#sessions.values()
    if (oldest === undefined) return undefined
    if (nowMs - oldest.lastUsedMs > EVICTION_MS) return oldest
    let weakest: FetchSession | undefined
    for (const session of this.#sessions.values()) {
      const hasSettled = nowMs - session.createdMs > EVICTION_MS
      const mayGo = hasSettled || (privileged && !session.isPrivileged)
      if (mayGo && (weakest === undefined || isWeaker(session, weakest))) weakest = session
    }
    if (weakest === undefined) return undefined
    const stronger = privileged !== weakest.isPrivileged ? privileged : size >= weakest.size
    return stronger ? weakest : undefined
  }

  #touch(session: FetchSession, nowMs: number): void {
    session.lastUsedMs = nowMs
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  #newId(): number {
    for (;;) {
      const id = this.#random.uint32() & 0x7fffffff
      if (id !== 0 && !this.#sessions.has(id)) return id
    }
  }
}

function isWeaker(a: FetchSession, b: FetchSession): boolean {
  return a.isPrivileged === b.isPrivileged ? a.size < b.size : !a.isPrivileged
}

function refused(error: number): FetchContext {
  return { error, targets: [], conclude: () => NO_SESSION }
}

function incremental(session: FetchSession): FetchContext {
  const targets = [...session.partitions.values()]
  return {
    error: Errors.NONE,
    targets,
    conclude: (results) => ({
      sessionId: session.id,
      included: session.select(targets, results),
    }),
  }
}
