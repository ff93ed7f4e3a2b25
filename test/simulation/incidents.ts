// Incidents, each of which once lost or changed records in Apache Kafka; the numbers are Kafka's
// issues and proposals. What stands here must end well with our code, and badly with the bug of the
// same name planted into it.
import { CONTROLLER, REPLICAS, type Incident, type Script } from './incident.ts'

export const INCIDENTS: Readonly<Record<string, Script>> = {
  /** Two leaders in quick succession; the second has not yet heard that its records are committed. */
  'KIP-101 loss': async (incident) => {
    await incident.send(1, 1)
    incident.cut(2, 3)
    incident.kill(1)
    await incident.untilLed(2)
    await incident.advance(1_000)
    incident.kill(2)
    await incident.untilLed(3)
  },

  /** The old leader has two records that nobody else has; the new one writes others in their place. */
  'KIP-101 divergence': async (incident) => {
    await isolateLeader(incident)
    await incident.send(1, 2, 1)
    incident.kill(1)
    await incident.untilLed(2)
    await incident.send(2, 2)
    incident.heal()
    await incident.start(1)
  },

  /** Broker 2 led for a moment and wrote; broker 3 leads next and never saw that epoch. */
  'KIP-279': async (incident) => {
    incident.cut(1, 2)
    await incident.send(1, 2, 1)
    await incident.advance(1_000)
    incident.cut(2, 3)
    incident.kill(1)
    await incident.untilLed(2)
    await incident.send(2, 2, 1)
    incident.kill(2)
    await incident.untilLed(3)
    incident.heal()
    await incident.start(2)
    await incident.untilInSync(2, 3)
  },

  /** Broker 3 does not hear of two changes of the leader, and goes on fetching in the first epoch. */
  'KIP-320': async (incident) => {
    incident.cut(1, 2)
    incident.cut(CONTROLLER, 3, 'one way')
    await incident.send(1, 1, 1)
    await incident.advance(600)
    incident.cut(2, 3)
    incident.kill(1)
    await incident.untilLed(2)
    await incident.send(2, 1, 1)
    incident.heal(1, 2)
    await incident.start(1)
    await incident.untilState(({ isr }) => isr.includes(1), 'broker1 is in sync again')
    incident.kill(2)
    await incident.untilLed(1)
    await incident.advance(1_000)
    await incident.send(1, 2, 1)
  },

  /** A replica outside the in-sync set has all that the new leader knows to be committed, no more. */
  'KAFKA-7128': async (incident) => {
    incident.cut(3, 1)
    incident.cut(3, 2)
    await incident.send(1, 1, -1, 15_000)
    incident.kill(1)
    await incident.untilLed(2)
    // It asks, and the answer is on its way when the leader dies.
    incident.slow(2, 3, 1_500)
    incident.heal(3, 2)
    await incident.atMost(2_500, ({ isr }) => isr.includes(3))
    incident.kill(2)
    await incident.advance(2_000)
  },

  /** What a follower asks for lies beyond where its log parted from the leader's. */
  'KAFKA-13141': async (incident) => {
    await isolateLeader(incident)
    await incident.send(1, 2, 1)
    incident.kill(1)
    await incident.untilLed(2)
    incident.heal()
    incident.cut(2, 3)
    // It asks, and the answer is on its way when the leader dies.
    incident.slow(2, 1, 6_000)
    await incident.start(1)
    await incident.send(2, 1, -1, 10_000)
    incident.kill(2)
    await incident.advance(2_000)
  },

  /** A replica loses its unsynced records while the leader's wish to have it in sync is on its way. */
  'KAFKA-14139': async (incident) => {
    await leaveBehind(incident, 3)
    await incident.send(1, 3)
    incident.cut(1, CONTROLLER, 'one way')
    incident.heal(1, 3)
    await incident.advance(3_000)
    incident.powerOff(3)
    incident.cut(3, 1)
    incident.cut(3, 2)
    await incident.start(3)
    await incident.advance(1_000)
    incident.heal(1, CONTROLLER)
    await incident.advance(1_000)
    incident.kill(2)
    await incident.advance(1_000)
    incident.kill(1)
    await incident.advance(2_000)
  },

  /** The last replica in sync loses power: the others must not be cut to what it has left. */
  'KIP-966': async (incident) => {
    await incident.send(1, 3)
    incident.kill(2)
    incident.kill(3)
    await incident.untilInSync(1)
    await incident.advance(200)
    incident.powerOff(1)
    await incident.start(1)
    await incident.untilLed(1)
  },

  /** A replica loses its unsynced records and is back while there is no controller to see it. */
  'unsynced tail': async (incident) => {
    await incident.send(1, 3)
    incident.kill(CONTROLLER)
    incident.powerOff(3)
    incident.cut(3, 1)
    incident.cut(3, 2)
    await incident.start(3)
    await incident.advance(1_000)
    await incident.start(CONTROLLER)
    incident.kill(2)
    await incident.advance(2_000)
    incident.kill(1)
    await incident.advance(4_000)
  },

  /** A leader's session expires: it gives way, and comes back without help. */
  'KAFKA-2729': async (incident) => {
    incident.cut(1, 'zookeeper')
    incident.cut(1, CONTROLLER)
    await incident.untilState(({ leader }) => leader > 1, 'another leads')
    const { leader } = await incident.state()
    await incident.send(leader, 2)
  },

  /** The answer to a controller's write is lost with its connection to ZooKeeper. */
  'KAFKA-12686': async (incident) => {
    incident.cut(1, 3)
    await incident.send(1, 1, 1)
    await incident.advance(2_500)
    incident.cut('zookeeper', CONTROLLER, 'one way')
    await incident.untilInSync(1, 2)
    incident.reset('zookeeper', CONTROLLER)
    incident.heal('zookeeper', CONTROLLER)
  },

  /** An operator deletes /controller; the old controller does not hear of it, and a broker dies. */
  'KAFKA-6082': async (incident) => {
    incident.cut('zookeeper', CONTROLLER, 'one way')
    const successor = await incident.electController()
    await incident.advance(500)
    incident.cut(successor, 'zookeeper', 'one way')
    const [victim] = REPLICAS.filter((id) => id !== successor && id !== 1)
    incident.kill(victim ?? 1)
    await incident.advance(2_000)
    incident.heal(successor, 'zookeeper')
    await incident.advance(3_000)
    await incident.state()
  },

  /** Two wishes of a leader, of its epoch before and after a change of the controller. */
  'old proposals': async (incident) => {
    incident.slow(1, CONTROLLER, 15_000)
    incident.cut(1, 3)
    await incident.send(1, 1, 1)
    await incident.advance(8_000)
    incident.cut('zookeeper', CONTROLLER, 'one way')
    const successor = await incident.electController()
    const [victim, other] = successor === 3 ? [2, 3] : [3, 2]
    incident.kill(victim)
    await incident.untilInSync(1, other)
    incident.cut(1, other)
    await incident.send(1, 1, 1)
    await incident.advance(15_000)
  },

  /** A member of the in-sync set lags, and the leader cannot tell the controller. */
  'stale in-sync set': async (incident) => {
    incident.cut(1, CONTROLLER)
    incident.cut(1, 3)
    await incident.send(1, 2, -1, 10_000)
    incident.kill(2)
    await incident.advance(2_000)
    incident.kill(1)
    await incident.advance(2_000)
  },

  /** Nobody but the leader has the record when the leader dies. */
  'acks before replication': async (incident) => {
    await isolateLeader(incident)
    await incident.send(1, 1, -1, 2_000)
    incident.kill(1)
    await incident.untilLed(2)
  },

  /** The new leader's epoch is what tells its records from the old leader's. */
  'epoch not bumped': async (incident) => {
    incident.kill(1)
    await incident.untilLed(2)
    await incident.send(2, 1)
  },

  /** Only a replica that lags is left alive. */
  'unclean by default': async (incident) => {
    await leaveBehind(incident, 3)
    await incident.send(1, 2)
    incident.kill(2)
    await incident.untilInSync(1)
    incident.kill(1)
    await incident.advance(2_000)
  },
}

async function isolateLeader(incident: Incident): Promise<void> {
  incident.cut(1, 2)
  incident.cut(1, 3)
  await incident.advance(10)
}

/** Broker 1 goes on without the follower, which leaves the in-sync set. */
async function leaveBehind(incident: Incident, id: number): Promise<void> {
  incident.cut(1, id)
  await incident.send(1, 1, 1)
  await incident.untilInSync(...REPLICAS.filter((other) => other !== id))
}
