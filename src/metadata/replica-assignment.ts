// Which brokers get the replicas of new partitions: leaders spread evenly from a random start, and
// followers at a distance that grows with every round, so that the load of a lost broker falls on
// all others. With racks, no two replicas share one before all have been used.
import { Errors, KafkaError } from '../wire/errors.ts'

export interface PlacementBroker {
  readonly id: number
  readonly rack: string | null
}

export interface Placement {
  readonly brokers: readonly PlacementBroker[]
  readonly numPartitions: number
  readonly replicationFactor: number
  /** Where the first leader is in the list of brokers, and how far the second replica from it. */
  readonly startIndex: number
  readonly shift: number
  /** The first new partition. */
  readonly firstPartition?: number | undefined
}

/** Replicas by partition. Throws KafkaError when the numbers are impossible. */
export function assignReplicas(placement: Placement): Map<number, number[]> {
  const { brokers, numPartitions, replicationFactor } = placement
  if (numPartitions <= 0) {
    throw new KafkaError(Errors.INVALID_PARTITIONS, 'Number of partitions must be larger than 0.')
  }
  if (replicationFactor <= 0) {
    const message = 'Replication factor must be larger than 0.'
    throw new KafkaError(Errors.INVALID_REPLICATION_FACTOR, message)
  }
  if (replicationFactor > brokers.length) {
    const message = `Replication factor: ${replicationFactor} larger than available brokers: ${brokers.length}.`
    throw new KafkaError(Errors.INVALID_REPLICATION_FACTOR, message)
  }
  const withoutRack = brokers.filter(({ rack }) => rack === null).length
  if (withoutRack === brokers.length) return spread(placement)
  if (withoutRack > 0) {
    const message = 'Not all brokers have rack information for replica rack aware assignment.'
    throw new KafkaError(Errors.UNKNOWN_SERVER_ERROR, message)
  }
  return spreadOverRacks(placement)
}

function spread(placement: Placement): Map<number, number[]> {
  const ids = placement.brokers.map(({ id }) => id).sort((a, b) => a - b)
  return eachPartition(placement, (first, shift) => {
    const replicas = [at(ids, first)]
    for (let index = 0; index < placement.replicationFactor - 1; index += 1) {
      replicas.push(at(ids, followerIndex(first, shift, index, ids.length)))
    }
    return replicas
  })
}

function spreadOverRacks(placement: Placement): Map<number, number[]> {
  const racks = new Map(placement.brokers.map(({ id, rack }) => [id, rack]))
  const rackCount = new Set(racks.values()).size
  const ids = alternateRacks(placement.brokers)
  return eachPartition(placement, (first, shift) => {
    const replicas = [at(ids, first)]
    const used = new Set([racks.get(at(ids, first))])
    for (let index = 0; replicas.length < placement.replicationFactor; index += 1) {
      const id = at(ids, followerIndex(first, shift * rackCount, index, ids.length))
      const isRackFree = used.size === rackCount || !used.has(racks.get(id))
      if (!isRackFree || replicas.includes(id)) continue
      replicas.push(id)
      used.add(racks.get(id))
    }
    return replicas
  })
}

function eachPartition(
  { brokers, numPartitions, startIndex, shift, firstPartition = 0 }: Placement,
  place: (first: number, shift: number) => number[],
): Map<number, number[]> {
  const assignment = new Map<number, number[]>()
  let currentShift = shift
  for (let partition = firstPartition; partition < firstPartition + numPartitions; partition += 1) {
    if (partition > 0 && partition % brokers.length === 0) currentShift += 1
    assignment.set(partition, place((partition + startIndex) % brokers.length, currentShift))
  }
  return assignment
}

function followerIndex(first: number, shift: number, index: number, count: number): number {
  return (first + 1 + ((shift + index) % (count - 1))) % count
}

// One broker of each rack in turn, so that neighbours in the list are in different racks.
function alternateRacks(brokers: readonly PlacementBroker[]): number[] {
  const byRack = Map.groupBy(brokers, ({ rack }) => rack ?? '')
  const columns = [...byRack]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, inRack]) => inRack.map(({ id }) => id).sort((a, b) => a - b))
  const ids: number[] = []
  for (let row = 0; ids.length < brokers.length; row += 1) {
    for (const column of columns) {
      const id = column[row]
      if (id !== undefined) ids.push(id)
    }
  }
  return ids
}

function at(ids: readonly number[], index: number): number {
  const id = ids[index]
  if (id === undefined) throw new Error(`no broker at ${index} of ${ids.length}`)
  return id
}

/** What is wrong with an assignment that a user wrote, as Kafka says it. */
export function manualAssignmentProblem(
  assignment: ReadonlyMap<number, readonly number[]>,
): string | undefined {
  const sizes = new Set([...assignment.values()].map((replicas) => replicas.length))
  if (sizes.size !== 1) return 'All partitions should have the same number of replicas'
  const repeated = [...assignment].filter(([, it]) => new Set(it).size !== it.length)
  if (repeated.length > 0) {
    const shown = repeated.map(([index, it]) => `${index} -> ArrayBuffer(${it.join(', ')})`)
    return `Duplicate replica assignment found: HashMap(${shown.join(', ')})`
  }
  for (let index = 0; index < assignment.size; index += 1) {
    if (!assignment.has(index)) {
      return 'partitions should be a consecutive 0-based integer sequence'
    }
  }
  return undefined
}
