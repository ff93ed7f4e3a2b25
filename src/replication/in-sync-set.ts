// The in-sync set of a partition: what the controller has committed, and the one change that its
// leader may have on the way to the controller.
//   committed ⊆ maximal. Until a growth is confirmed the newcomer is waited for already; until a
//   shrink is confirmed the leaver still is. So the high watermark never passes a replica that the
//   controller might elect.

const RECOVERED = 0

export class InSyncSet {
  #committed: readonly number[]
  #maximal: readonly number[]
  #leaderRecoveryState: number
  #proposed: readonly number[] | undefined

  constructor(isr: readonly number[], leaderRecoveryState: number) {
    this.#committed = isr
    this.#maximal = isr
    this.#leaderRecoveryState = leaderRecoveryState
  }

  get committed(): readonly number[] {
    return this.#committed
  }

  /** Committed and, of a proposed growth, those to come. */
  get maximal(): readonly number[] {
    return this.#maximal
  }

  /** What was proposed and not yet answered. */
  get proposed(): readonly number[] | undefined {
    return this.#proposed
  }

  get leaderRecoveryState(): number {
    return this.#leaderRecoveryState
  }

  /** Proposes the set with `brokerId` in it. */
  expand(brokerId: number): readonly number[] {
    this.#proposed = [...this.#committed, brokerId]
    this.#maximal = this.#proposed
    return this.#proposed
  }

  /** Proposes the set without `leavers`. */
  shrink(leavers: readonly number[]): readonly number[] {
    this.#proposed = this.#committed.filter((id) => !leavers.includes(id))
    this.#maximal = this.#committed
    return this.#proposed
  }

  /** The state that goes with a proposal: an elected leader that asks has recovered. */
  get proposedRecoveryState(): number {
    return RECOVERED
  }

  /** The controller has spoken: nothing is on the way any more. */
  commit(isr: readonly number[], leaderRecoveryState: number): void {
    this.#committed = isr
    this.#maximal = isr
    this.#leaderRecoveryState = leaderRecoveryState
    this.#proposed = undefined
  }

  /** The proposal was refused and had no effect. */
  rollBack(): void {
    this.#maximal = this.#committed
    this.#proposed = undefined
  }
}
