// What is done to the brokers of a cluster, and what must go on meanwhile.
import { setTimeout as pause } from 'node:timers/promises'
import { SESSION_MS, IDS, type ProcessCluster } from './process-cluster.ts'

/** Who is what when a fault begins. */
export interface Roles {
  readonly leader: number
  readonly follower: number
  readonly controller: number
  readonly coordinator: number
}

export interface Scene {
  readonly cluster: ProcessCluster
  readonly roles: Roles
  /** Resolves when more records have been acknowledged, and read by the group. */
  readonly goesOn: () => Promise<void>
}

export interface Fault {
  readonly name: string
  run(scene: Scene): Promise<void>
}

const REGISTER_MS = 300

function fault(name: string, run: Fault['run']): Fault {
  return { name, run }
}

async function killed(scene: Scene, id: number): Promise<void> {
  await scene.cluster.of(id).kill()
  await scene.goesOn()
  await scene.cluster.restart(id)
}

async function stopped(scene: Scene, id: number): Promise<void> {
  await scene.cluster.of(id).stop()
  await scene.goesOn()
  await scene.cluster.restart(id)
}

async function frozen({ cluster, goesOn }: Scene, id: number): Promise<void> {
  cluster.of(id).child.kill('SIGSTOP')
  await goesOn()
  cluster.of(id).child.kill('SIGCONT')
}

/** With what remains no record can be acknowledged until one of them is back. */
async function killedTogether({ cluster }: Scene, ids: readonly number[]): Promise<void> {
  await Promise.all(ids.map((id) => cluster.of(id).kill()))
  await pause(REGISTER_MS)
  await Promise.all(ids.map((id) => cluster.restart(id)))
}

async function cutOff({ cluster, goesOn }: Scene, id: number): Promise<void> {
  cluster.cut(id)
  await pause(SESSION_MS)
  await goesOn()
  cluster.heal(id)
}

/** For three brokers whose ZooKeeper is a process of its own. */
export const FAULTS: readonly Fault[] = [
  fault('SIGKILL of a leader', (scene) => killed(scene, scene.roles.leader)),
  fault('SIGTERM of a leader', (scene) => stopped(scene, scene.roles.leader)),
  fault('SIGKILL of the controller', (scene) => killed(scene, scene.roles.controller)),
  fault('SIGKILL of a follower', (scene) => killed(scene, scene.roles.follower)),
  fault('SIGSTOP of a leader', (scene) => frozen(scene, scene.roles.leader)),
  fault('SIGKILL of the group coordinator', (scene) => killed(scene, scene.roles.coordinator)),
  fault('SIGKILL of two at once', (scene) => {
    return killedTogether(scene, [scene.roles.leader, scene.roles.follower])
  }),
  fault('SIGTERM of the controller', (scene) => stopped(scene, scene.roles.controller)),
  fault('SIGKILL and back within the session', async ({ cluster, roles }) => {
    await cluster.of(roles.leader).kill()
    await cluster.restart(roles.leader)
  }),
  fault('SIGTERM of the group coordinator', (scene) => stopped(scene, scene.roles.coordinator)),
  fault('SIGKILL of ZooKeeper, and back', async ({ cluster, goesOn }) => {
    await cluster.zookeeper?.kill()
    await goesOn()
    await cluster.restartZooKeeper()
  }),
  fault('SIGSTOP of the controller', (scene) => frozen(scene, scene.roles.controller)),
]

/** For three brokers of which the first has ZooKeeper within it, with gates between them. */
export const EMBEDDED_FAULTS: readonly Fault[] = [
  fault('SIGKILL of the broker with ZooKeeper', (scene) => killedTogether(scene, [1])),
  fault('the group coordinator is cut off, or a broker', (scene) => {
    return cutOff(scene, scene.roles.coordinator === 3 ? 3 : 2)
  }),
  fault('SIGTERM of the broker with ZooKeeper', async ({ cluster }) => {
    await cluster.of(1).stop()
    await cluster.restart(1)
  }),
  fault('SIGKILL of all', (scene) => killedTogether(scene, IDS)),
]
