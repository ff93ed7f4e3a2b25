// What the controller decides about one partition, and what its leader may ask to change.

/** One partition of a LeaderAndIsr request, or the answer to an AlterPartition. */
export interface LeadershipState {
  readonly controllerEpoch: number
  /** -1: none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  /** Version of the state node in ZooKeeper: grows with every change of leader or in-sync set. */
  readonly partitionEpoch: number
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly isNew: boolean
  /** 0: recovered, 1: recovering from an unclean election. */
  readonly leaderRecoveryState: number
}

/** An in-sync set that a leader proposes to the controller (AlterPartition). */
export interface IsrChange {
  readonly topic: string
  readonly topicId: string | undefined
  readonly partition: number
  readonly leaderEpoch: number
  /** Broker epochs as seen in the replicas' fetches (KIP-903); -1: unknown. */
  readonly isr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[]
  readonly leaderRecoveryState: number
  readonly partitionEpoch: number
}

/** The controller's answer; with an error the other fields mean nothing. */
export interface IsrOutcome {
  readonly error: number
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly leaderRecoveryState: number
  readonly partitionEpoch: number
}

/** Carries proposals to the controller; `done` is called exactly once for each. */
export interface IsrWriter {
  propose(change: IsrChange, done: (outcome: IsrOutcome) => void): void
}
