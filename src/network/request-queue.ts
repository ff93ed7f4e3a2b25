// Requests of one connection in order of arrival, linked one to the next.
import type { InboundRequest } from './inbound-request.ts'

export class RequestQueue {
  #newest: InboundRequest | undefined
  /** The one whose answer leaves first. */
  oldest: InboundRequest | undefined
  length = 0

  push(request: InboundRequest): void {
    if (this.#newest === undefined) this.oldest = request
    else this.#newest.following = request
    this.#newest = request
    this.length += 1
  }

  /** Takes out the oldest; gives the one after it. */
  shift(): InboundRequest | undefined {
    this.oldest = this.oldest?.following
    if (this.oldest === undefined) this.#newest = undefined
    this.length -= 1
    return this.oldest
  }

  clear(): void {
    this.oldest = undefined
    this.#newest = undefined
    this.length = 0
  }
}
