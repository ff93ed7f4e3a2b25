// Counts of what passed through one listener, for the metrics.
import { RateWindow } from './rate-window.ts'
import type { RequestMetrics } from './request-metrics.ts'

/** Why a connection was given up by us. */
export const refusalReasons = [
  'malformed frame',
  'oversized frame',
  'no memory',
  'malformed request',
  'idle',
  'slow',
  'too many connections',
  'authentication',
  'handler',
] as const
export type RefusalReason = (typeof refusalReasons)[number]

/** What is counted and has a rate. */
export const trafficCounts = [
  'bytesIn',
  'bytesOut',
  'requests',
  'responses',
  'connectionsOpened',
  'connectionsClosed',
] as const
export type TrafficCount = (typeof trafficCounts)[number]

export class Traffic {
  bytesIn = 0
  bytesOut = 0
  requests = 0
  responses = 0
  connectionsOpened = 0
  connectionsClosed = 0
  /** Who wants to know of every answered request. */
  requestMetrics: RequestMetrics | undefined
  readonly refusals = new Map<RefusalReason, number>()
  readonly #rates = new Map<TrafficCount, RateWindow>(
    trafficCounts.map((count) => [count, new RateWindow()]),
  )

  get openConnections(): number {
    return this.connectionsOpened - this.connectionsClosed
  }

  refuse(reason: RefusalReason): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1)
  }

  /** Keeps the rates going; to be called every few seconds. */
  sample(nowMs: number): void {
    for (const [count, window] of this.#rates) window.sample(nowMs, this[count])
  }

  /** Per second, over about the last half minute. */
  rate(count: TrafficCount, nowMs: number): number {
    return this.#rates.get(count)?.rate(nowMs, this[count]) ?? 0
  }
}
