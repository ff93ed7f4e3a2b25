// What a group has committed, and what must therefore hold: committed offsets never go back, and
// whoever gets a partition goes on at one of them. A commit whose answer did not come may have
// happened, and may still happen later: it is in doubt for ever.
import { Contradiction } from './record-history.ts'

interface Commits {
  /** The highest that was confirmed. */
  confirmed: number
  /** The highest that was tried, and all of them. */
  tried: number
  readonly everTried: Set<number>
  readonly doubtful: Set<number>
}

export class GroupHistory {
  readonly #partitions: readonly Commits[]

  constructor(partitionCount: number) {
    this.#partitions = Array.from({ length: partitionCount }, () => ({
      confirmed: -1,
      tried: -1,
      everTried: new Set<number>(),
      doubtful: new Set<number>(),
    }))
  }

  onCommit(partition: number, offset: number): void {
    const commits = this.#of(partition)
    commits.tried = Math.max(commits.tried, offset)
    commits.everTried.add(offset)
  }

  /** The highest confirmed before the commit was tried is what it must not go back behind. */
  onConfirmed(partition: number, offset: number): void {
    const commits = this.#of(partition)
    commits.confirmed = Math.max(commits.confirmed, offset)
  }

  onDoubtful(partition: number, offset: number): void {
    this.#of(partition).doubtful.add(offset)
  }

  /** What had been confirmed when the question was asked, for `onSeen`. */
  confirmed(partition: number): number {
    return this.#of(partition).confirmed
  }

  /**
   * The group is said to stand at `offset` (-1: nowhere). While things go wrong, a coordinator that
   * was replaced and has not heard of it may say where the group once was, as in Kafka.
   */
  onSeen(partition: number, offset: number, confirmedBefore: number, isCalm: boolean): void {
    const { tried, everTried, doubtful } = this.#of(partition)
    if (!isCalm && everTried.has(offset)) return
    const place = `partition ${partition}`
    if (offset > tried) {
      throw new Contradiction(
        `the group is at ${offset} of ${place}, and never got beyond ${tried}`,
      )
    }
    if (offset < confirmedBefore && !doubtful.has(offset)) {
      throw new Contradiction(
        `the group was at ${confirmedBefore} of ${place}, and is at ${offset}`,
      )
    }
  }

  /** Who got the partition reads on at `offset`; records up to `deletable` may be gone. */
  onResumed(partition: number, offset: number, confirmedBefore: number, deletable: number): void {
    const { tried, doubtful } = this.#of(partition)
    const isOld = [...doubtful].some((one) => one <= offset)
    if (offset < confirmedBefore && !isOld) {
      throw new Contradiction(
        `the group was at ${confirmedBefore} of partition ${partition}, and goes on at ${offset}`,
      )
    }
    if (offset > Math.max(tried, deletable, 0)) {
      throw new Contradiction(
        `the group was at ${tried} of partition ${partition} at most, and goes on at ${offset}`,
      )
    }
  }

  #of(partition: number): Commits {
    const commits = this.#partitions[partition]
    if (commits === undefined) throw new Contradiction(`there is no partition ${partition}`)
    return commits
  }
}
