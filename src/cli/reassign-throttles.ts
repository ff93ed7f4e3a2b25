// Limits on what moving replicas may take, set while a reassignment runs and cleared after it.
import { type Admin, ConfigOperation, ResourceType } from '../client/admin.ts'
import { nameOf, type Placement } from './reassign-plan.ts'

const BROKER_RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate']
const DIRECTORY_RATE = 'replica.alter.log.dirs.io.max.bytes.per.second'
const LEADERS = 'leader.replication.throttled.replicas'
const FOLLOWERS = 'follower.replication.throttled.replicas'

/** Every broker that gives or takes a replica is limited; so is every replica that moves. */
export async function setThrottles(
  admin: Admin,
  plan: readonly Placement[],
  current: readonly Placement[],
  bytesPerSecond: number,
): Promise<void> {
  const present = new Map(current.map((placement) => [nameOf(placement), placement.replicas]))
  const topics = new Map<string, { leaders: string[]; followers: string[] }>()
  const brokers = new Set<number>()
  for (const placement of plan) {
    const sources = present.get(nameOf(placement)) ?? []
    const targets = placement.replicas.filter((id) => !sources.includes(id))
    const lists = topics.get(placement.topic) ?? { leaders: [], followers: [] }
    topics.set(placement.topic, lists)
    lists.leaders.push(...sources.map((id) => `${placement.partition}:${id}`))
    lists.followers.push(...targets.map((id) => `${placement.partition}:${id}`))
    for (const id of [...sources, ...placement.replicas]) brokers.add(id)
  }
  for (const [topic, { leaders, followers }] of topics) {
    const values: [string, string][] = [
      [LEADERS, leaders.join(',')],
      [FOLLOWERS, followers.join(',')],
    ]
    await admin.alterConfigs({ type: ResourceType.topic, name: topic }, values.map(set))
  }
  const rates = BROKER_RATES.map((name) => set([name, String(bytesPerSecond)]))
  for (const id of brokers) {
    await admin.alterConfigs({ type: ResourceType.broker, name: String(id) }, rates)
  }
}

/** Brokers that are not there now keep what they have. */
export async function clearThrottles(
  admin: Admin,
  brokers: readonly number[],
  topics: readonly string[],
): Promise<void> {
  const rates = [...BROKER_RATES, DIRECTORY_RATE].map(unset)
  const alive = new Set(admin.client.brokers.map(({ id }) => id))
  for (const id of brokers.filter((broker) => alive.has(broker))) {
    await admin.alterConfigs({ type: ResourceType.broker, name: String(id) }, rates)
  }
  for (const topic of topics) {
    await admin.alterConfigs(
      { type: ResourceType.topic, name: topic },
      [LEADERS, FOLLOWERS].map(unset),
    )
  }
}

function set([name, value]: readonly [string, string]) {
  return { name, value, operation: ConfigOperation.set }
}

function unset(name: string) {
  return { name, value: null, operation: ConfigOperation.delete }
}
