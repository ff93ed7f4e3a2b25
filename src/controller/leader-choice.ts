// Who is to lead a partition, by four strategies. Arithmetic on lists: nothing is read or written.
//   Within the in-sync set always, except the offline strategy where the topic allows it: that may
//   lose records, and marks the partition as recovering.

export type ElectionStrategy =
  /** The leader has gone. */
  | { readonly kind: 'offline'; readonly allowUnclean: boolean }
  /** The replicas are being moved. */
  | { readonly kind: 'reassign' }
  /** Back to the first of the assignment. */
  | { readonly kind: 'preferred' }
  /** The leader asks to be relieved. */
  | { readonly kind: 'controlledShutdown' }

/** What a choice depends on. */
export interface Candidates {
  /** The full assignment, in order of preference. */
  readonly replicas: readonly number[]
  /** The assignment after a running reassignment. */
  readonly targetReplicas: readonly number[]
  readonly isr: readonly number[]
  /** Replicas that can serve now; with controlled shutdown, those shutting down included. */
  readonly online: readonly number[]
  readonly shuttingDown: ReadonlySet<number>
}

export interface Choice {
  readonly leader: number
  readonly isr: readonly number[]
  readonly unclean: boolean
}

/** Undefined when nobody may lead. */
export function chooseLeader(strategy: ElectionStrategy, given: Candidates): Choice | undefined {
  switch (strategy.kind) {
    case 'offline':
      return chooseAfterLoss(strategy.allowUnclean, given)
    case 'reassign':
      return keepInSync(first(given.targetReplicas, given), given)
    case 'preferred':
      return keepInSync(first(given.replicas.slice(0, 1), given), given)
    case 'controlledShutdown':
      return chooseForShutdown(given)
  }
}

function chooseAfterLoss(allowUnclean: boolean, given: Candidates): Choice | undefined {
  const { replicas, isr, online } = given
  const leader = first(replicas, given)
  if (leader !== undefined) {
    return { leader, isr: isr.filter((id) => online.includes(id)), unclean: false }
  }
  const outOfSync = allowUnclean ? replicas.find((id) => online.includes(id)) : undefined
  return outOfSync === undefined
    ? undefined
    : { leader: outOfSync, isr: [outOfSync], unclean: true }
}

function chooseForShutdown(given: Candidates): Choice | undefined {
  const { replicas, isr, online, shuttingDown } = given
  const leader = replicas.find(
    (id) => online.includes(id) && isr.includes(id) && !shuttingDown.has(id),
  )
  if (leader === undefined) return undefined
  return { leader, isr: isr.filter((id) => !shuttingDown.has(id)), unclean: false }
}

function first(candidates: readonly number[], given: Candidates): number | undefined {
  return candidates.find((id) => given.online.includes(id) && given.isr.includes(id))
}

function keepInSync(leader: number | undefined, given: Candidates): Choice | undefined {
  return leader === undefined ? undefined : { leader, isr: given.isr, unclean: false }
}
