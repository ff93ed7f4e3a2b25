// The server as a machine: `decide` turns a command into an entry for the log, or into the codes
// that refuse it, and changes nothing; `apply` is the only mutator of the tree, live and in replay.
// Times come in: wall-clock milliseconds go into entries, monotonic ones into session deadlines.
import type { Identity } from './access.ts'
import { ZooKeeperCode } from './errors.ts'
import { PendingTree, prepare } from './prepare.ts'
import type { MultiItem, NodeRequest } from './requests.ts'
import { SessionDeadlines } from './sessions.ts'
import type { Entry, NodeTxn, Txn } from './transactions.ts'
import type { Change, Outcome, Tree } from './tree.ts'

export interface Requester {
  readonly sessionId: bigint
  readonly cxid: number
  readonly identities: readonly Identity[]
}

export type Command =
  | { readonly kind: 'change'; readonly by: Requester; readonly request: NodeRequest }
  | {
      readonly kind: 'multi'
      readonly by: Requester
      readonly items: readonly MultiItem<NodeRequest>[]
    }
  | { readonly kind: 'createSession'; readonly timeoutMs: number }
  | { readonly kind: 'closeSession'; readonly sessionId: bigint; readonly cxid: number }

export type Decision =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'refused'; readonly code: number }
  /** One code per operation: 0 before the failed one, -2 after it. */
  | { readonly kind: 'multiRefused'; readonly codes: readonly number[] }

export interface Applied {
  readonly outcomes: readonly Outcome[]
  readonly changes: readonly Change[]
}

/** What the server does for itself, when it removes containers and outlived nodes. */
export const SERVER_REQUESTER: Requester = { sessionId: 0n, cxid: 0, identities: [] }

export class Machine {
  readonly tree: Tree
  readonly deadlines: SessionDeadlines
  readonly #maxEntryBytes: number
  readonly #rules: { readonly enforceQuota: boolean }
  #lastSessionId = 0n

  constructor(
    tree: Tree,
    options: { tickTimeMs: number; maxEntryBytes: number; enforceQuota?: boolean },
  ) {
    this.tree = tree
    this.deadlines = new SessionDeadlines(options.tickTimeMs)
    this.#maxEntryBytes = options.maxEntryBytes
    this.#rules = { enforceQuota: options.enforceQuota ?? false }
  }

  decide(command: Command, nowMs: number): Decision {
    switch (command.kind) {
      case 'change':
        return this.#decideChange(command.by, command.request, nowMs)
      case 'multi':
        return this.#decideMulti(command.by, command.items, nowMs)
      case 'createSession': {
        const { timeoutMs } = command
        return this.#entry(
          this.#nextSessionId(nowMs),
          0,
          { kind: 'createSession', timeoutMs },
          nowMs,
        )
      }
      case 'closeSession': {
        if (!this.tree.sessions.has(command.sessionId)) {
          return { kind: 'refused', code: ZooKeeperCode.SESSIONEXPIRED }
        }
        const txn: Txn = {
          kind: 'closeSession',
          paths: this.#listableEphemerals(command.sessionId),
        }
        return this.#entry(command.sessionId, command.cxid, txn, nowMs)
      }
    }
  }

  apply(entry: Entry): Applied {
    const changes: Change[] = []
    const outcomes = this.tree.apply(entry, changes)
    if (entry.txn.kind === 'createSession' && entry.sessionId > this.#lastSessionId) {
      this.#lastSessionId = entry.sessionId
    }
    return { outcomes, changes }
  }

  #decideChange(by: Requester, request: NodeRequest, nowMs: number): Decision {
    if (by !== SERVER_REQUESTER && !this.tree.sessions.has(by.sessionId)) {
      return { kind: 'refused', code: ZooKeeperCode.SESSIONEXPIRED }
    }
    const txn = prepare(new PendingTree(this.tree, this.#rules), request, by.identities)
    if (typeof txn === 'number') return { kind: 'refused', code: txn }
    return this.#entry(by.sessionId, by.cxid, txn, nowMs)
  }

  #decideMulti(by: Requester, items: readonly MultiItem<NodeRequest>[], nowMs: number): Decision {
    if (!this.tree.sessions.has(by.sessionId)) {
      return { kind: 'refused', code: ZooKeeperCode.SESSIONEXPIRED }
    }
    const pending = new PendingTree(this.tree, this.#rules)
    const txns: NodeTxn[] = []
    for (const [index, { request }] of items.entries()) {
      const txn = prepare(pending, request, by.identities)
      if (typeof txn === 'number') {
        const codes = items.map((_, other) => siblingCode(other, index, txn))
        return { kind: 'multiRefused', codes }
      }
      pending.note(txn)
      txns.push(txn)
    }
    return this.#entry(by.sessionId, by.cxid, { kind: 'multi', txns }, nowMs)
  }

  #entry(sessionId: bigint, cxid: number, txn: Txn, nowMs: number): Decision {
    const zxid = this.tree.lastZxid + 1
    return { kind: 'entry', entry: { sessionId, cxid, zxid, timeMs: nowMs, txn } }
  }

  /** As ZooKeeper's: server 1 in the top byte, then the time the session began. */
  #nextSessionId(nowMs: number): bigint {
    const fromTime = (BigInt.asUintN(40, BigInt(nowMs)) << 16n) | (1n << 56n)
    let id = fromTime > this.#lastSessionId ? fromTime : this.#lastSessionId + 1n
    while (this.tree.sessions.has(id)) id++
    return id
  }

  /** Undefined when a list of them would be an entry too large to read back. */
  #listableEphemerals(sessionId: bigint): readonly string[] | undefined {
    const paths = [...(this.tree.ephemerals.get(sessionId) ?? [])]
    let bytes = 0
    for (const path of paths) bytes += 4 + path.length * 3
    return bytes > this.#maxEntryBytes / 2 ? undefined : paths
  }
}

function siblingCode(index: number, failed: number, code: number): number {
  if (index < failed) return ZooKeeperCode.OK
  return index === failed ? code : ZooKeeperCode.RUNTIMEINCONSISTENCY
}
