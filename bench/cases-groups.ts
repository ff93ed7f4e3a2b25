// The cases of consumer groups: rebalances, commits, loading, and groups that are merely there.
import { load, withServer, type Case } from './cases.ts'
import { groupName } from './group-jobs.ts'

const SESSION_MS = 6_000
const LOADED_GROUPS = 1_000
const LOADED_PARTITIONS = 100
const LOADED_ROUNDS = 10

/** All groups of the loading case share one partition of `__consumer_offsets`. */
const ONE_PARTITION = { 'offsets.topic.num.partitions': '1' }

export const groupCases: readonly Case[] = [
  {
    name: 'rebalance-50',
    title: '50 members over 100 partitions, cooperative: join, a leave, a death (session 6 s)',
    run: (kind) =>
      withServer(kind, async ({ port, pids }) => {
        const { cpuSeconds, figures = {} } = await load({
          kind: 'rebalance',
          port,
          pids,
          topic: 'rebalance',
          members: 50,
          partitions: 100,
          sessionTimeoutMs: SESSION_MS,
          heartbeatMs: 100,
        })
        return {
          'join ms': figures['joinMs'] ?? Number.NaN,
          'leave ms': figures['leaveMs'] ?? Number.NaN,
          // Members learn of it with their next heartbeat; this is what follows the last of them.
          'of it broker ms': figures['leaveBrokerMs'] ?? Number.NaN,
          'death ms': figures['deathMs'] ?? Number.NaN,
          'CPU s': cpuSeconds,
        }
      }),
  },
  {
    name: 'commit-16',
    title: 'Offset commits of one partition each, 16 connections',
    run: (kind) =>
      withServer(kind, async ({ port, pids }) => {
        const { work, seconds, cpuSeconds, p50Ms, p99Ms } = await load({
          kind: 'commit',
          port,
          pids,
          topic: 'commit',
          connections: 16,
          warmSeconds: 3,
          seconds: 4,
        })
        return {
          'commits/s': work / seconds,
          'commits/CPU-s': work / Math.max(cpuSeconds, 0.01),
          'p50 ms': p50Ms ?? Number.NaN,
          'p99 ms': p99Ms ?? Number.NaN,
        }
      }),
  },
  {
    name: 'load-offsets',
    title: 'Loading 1,000,000 offset records on becoming coordinator',
    run: (kind) =>
      withServer(
        kind,
        async (server, _startedMs, directory) => {
          const topic = 'loaded'
          await load({
            kind: 'many-offsets',
            port: server.port,
            pids: server.pids,
            topic,
            groups: LOADED_GROUPS,
            partitions: LOADED_PARTITIONS,
            rounds: LOADED_ROUNDS,
          })
          await server.stop()
          const again = await kind.start(directory, ONE_PARTITION)
          try {
            const groupId = groupName(topic, LOADED_GROUPS - 1)
            const { port, pids } = again
            const { figures } = await load({ kind: 'await-offsets', port, pids, topic, groupId })
            return {
              'loading ms': figures?.['loadMs'] ?? Number.NaN,
              'start to offsets ms': performance.now() - again.spawnedAt,
            }
          } finally {
            await again.kill()
          }
        },
        ONE_PARTITION,
      ),
  },
  {
    name: 'idle-groups',
    title: '1,000 groups of one idle member, heartbeats every 3 s',
    run: (kind) =>
      withServer(kind, async ({ port, pids }) => {
        const { cpuSeconds, seconds, figures } = await load({
          kind: 'idle-groups',
          port,
          pids,
          topic: 'idle-groups',
          groups: 1_000,
          sessionTimeoutMs: 45_000,
          heartbeatMs: 3_000,
          holdMs: 10_000,
        })
        return {
          'CPU % of a core': (cpuSeconds / seconds) * 100,
          'RSS MB': figures?.['rssMb'] ?? Number.NaN,
          'RSS added MB': figures?.['addedMb'] ?? Number.NaN,
        }
      }),
  },
]
