// Bugs that others have had, planted into our code as its modules are loaded: the simulation must
// find each, which shows that its checks can fail. Nothing of them is in the product: there is no
// switch that a setting could turn.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(import.meta.dirname, '..', '..')

interface Edit {
  readonly file: string
  readonly sound: string
  readonly broken: string
}

interface PlantedBug {
  readonly what: string
  readonly edits: readonly Edit[]
  /** Random faults find it too, within a few seeds. */
  readonly isCommon?: boolean
}

/** By the name of the incident that finds it. */
export const PLANTED_BUGS: Readonly<Record<string, PlantedBug>> = {
  'KIP-101 loss': {
    what: 'a follower cuts its log at its own high watermark, which lags behind what is committed',
    edits: [
      {
        file: 'src/replication/followed-partition.ts',
        sound: 'if (log.latestEpoch === UNKNOWN && log.logEndOffset > log.highWatermark) {',
        broken: 'if (log.logEndOffset > log.highWatermark) {',
      },
    ],
  },
  'KIP-101 divergence': {
    what: 'a follower does not look for the place where its log parted from the leader',
    isCommon: true,
    edits: [
      {
        file: 'src/replication/followed-partition.ts',
        sound: 'this.lastFetchedEpoch = this.log.latestEpoch',
        broken: 'this.lastFetchedEpoch = UNKNOWN',
      },
    ],
  },
  'KIP-279': {
    what: 'asked for an epoch that it does not know, a leader answers with the start of the next',
    edits: [
      {
        file: 'src/log/leader-epoch-cache.ts',
        sound: 'return { epoch: floor?.epoch ?? epoch, endOffset: next.startOffset }',
        broken: 'return { epoch: floor ? epoch : epoch, endOffset: next.startOffset }',
      },
    ],
  },
  'KIP-320': {
    what: 'fetches of an old epoch are served, and logs compared only when the epoch changes',
    edits: [
      {
        file: 'src/replication/partition.ts',
        sound: 'if (currentLeaderEpoch < 0 || currentLeaderEpoch === this.#leaderEpoch) return',
        broken: 'if (currentLeaderEpoch < this.#leaderEpoch + 1) return',
      },
      {
        file: 'src/replication/fetcher.ts',
        sound: 'if (this.#isUsable(followed)) followed.moveToEnd()',
        broken:
          'if (this.#isUsable(followed)) followed.moveToEnd(), (followed.lastFetchedEpoch = -1)',
      },
    ],
  },
  'KAFKA-7128': {
    what: 'a follower joins the in-sync set at the high watermark, before the epoch began',
    edits: [
      {
        file: 'src/replication/partition.ts',
        sound: 'follower.logEndOffset < Math.max(log.highWatermark, this.#epochStartOffset)',
        broken: 'follower.logEndOffset < log.highWatermark',
      },
    ],
  },
  'KAFKA-13141': {
    what: 'a fetch that is answered with a diverging epoch counts as progress of its follower',
    edits: [
      {
        file: 'src/replication/read-partition.ts',
        sound: 'if (diverging !== undefined) return withoutRecords',
        broken:
          'if (diverging !== undefined) recordFollower(partition, target, options, offsets, ' +
          'limits.nowMs)\n  if (diverging !== undefined) return withoutRecords',
      },
    ],
  },
  'KAFKA-14139': {
    what: 'a replica is put in the in-sync set by a wish from before its restart (KIP-903)',
    edits: [
      {
        file: 'src/controller/alter-partition.ts',
        sound: 'claimed === context.brokers.get(brokerId)?.epoch',
        broken: 'claimed >= 0',
      },
    ],
  },
  'KIP-966': {
    what: 'the last replica in sync leaves what is committed to the page cache',
    edits: [
      {
        file: 'src/replication/partition.ts',
        sound: 'if (this.#inSync.committed.length === 1 && this.#replicas.length > 1) {',
        broken: 'if (this.#replicas.length === 0) {',
      },
    ],
  },
  'unsynced tail': {
    what: 'a new controller takes a broker that was restarted for one that was never away',
    edits: [
      {
        file: 'src/controller/restarts.ts',
        sound: 'if (concerned.length === 0) return',
        broken: 'if (concerned.length >= 0) return',
      },
    ],
  },
  'KAFKA-2729': {
    what: 'a leader asks for changes of a version that it remembers from before',
    isCommon: true,
    edits: [
      {
        file: 'src/replication/partition.ts',
        sound: 'this.#partitionEpoch = state.partitionEpoch\n',
        broken: 'this.#partitionEpoch = Math.max(0, this.#partitionEpoch)\n',
      },
    ],
  },
  'KAFKA-12686': {
    what: "a write whose confirmation was lost is taken for somebody else's",
    edits: [
      {
        file: 'src/controller/leadership-writes.ts',
        sound: 'leadership !== undefined &&\n    leadership.leader === next.leader',
        broken: 'leadership === undefined &&\n    next.leader === -2',
      },
    ],
  },
  'KAFKA-6082': {
    what: 'a controller that was replaced without noticing goes on writing',
    edits: [
      {
        file: 'src/controller/guarded-store.ts',
        sound: 'version: this.#epochVersion } as const',
        broken: 'version: -1 } as const',
      },
    ],
  },
  'old proposals': {
    what: 'a proposal of an old leader epoch goes out beside that of the new one',
    edits: [
      {
        file: 'src/broker/isr-proposals.ts',
        sound: 'keyOf({ topic, partition }: IsrChange): string {\n  return `${topic}-${partition}`',
        broken:
          'keyOf({ topic, partition, leaderEpoch }: IsrChange): string {\n' +
          '  return `${topic}-${partition}-${leaderEpoch}`',
      },
      {
        file: 'src/broker/isr-proposals.ts',
        sound: 'const sent = this.#takeReady()',
        broken:
          'const sent = this.#takeReady().sort((a, b) => ' +
          'a.change.leaderEpoch - b.change.leaderEpoch)',
      },
    ],
  },
  'stale in-sync set': {
    what: 'the high watermark passes members of the in-sync set that lag',
    edits: [
      {
        file: 'src/replication/high-watermark.ts',
        sound: 'view.maximalIsr.includes(follower.brokerId) ||',
        broken: '',
      },
    ],
  },
  'acks before replication': {
    what: 'acks=all is answered when the leader alone has written',
    isCommon: true,
    edits: [
      {
        file: 'src/replication/partition.ts',
        sound: 'if (log.highWatermark > wait.lastOffset) return true',
        broken: 'return true',
      },
    ],
  },
  'epoch not bumped': {
    what: 'a new leader takes over under the epoch of the old one',
    isCommon: true,
    edits: [
      {
        file: 'src/controller/leadership-plans.ts',
        sound: '    leader: choice.leader,\n    leaderEpoch: leadership.leaderEpoch + 1,',
        broken: '    leader: choice.leader,\n    leaderEpoch: leadership.leaderEpoch,',
      },
    ],
  },
  'unclean by default': {
    what: 'a leader is taken from outside the in-sync set',
    isCommon: true,
    edits: [
      {
        file: 'src/controller/leadership-plans.ts',
        sound: '    isr: leadership.isr,\n    online: partition',
        broken: '    isr: partition.assignment.replicas,\n    online: partition',
      },
    ],
  },
}

/** The source with the bug in it. What an edit replaces is there exactly once, or it went stale. */
export function withEdit({ file, sound, broken }: Edit, source: string): string {
  const parts = source.split(sound)
  if (parts.length !== 2) throw new Error(`${file} has changed: '${sound}' is not to be replaced`)
  return parts.join(broken)
}

/** Makes modules loaded from now on contain the bug. */
export function plant(name: string): void {
  const bug = PLANTED_BUGS[name]
  if (bug === undefined) throw new Error(`there is no planted bug ${name}`)
  const sources = new Map<string, string>()
  for (const edit of bug.edits) {
    const path = join(ROOT, edit.file)
    sources.set(path, withEdit(edit, sources.get(path) ?? readFileSync(path, 'utf8')))
  }
  registerHooks({
    load(url, context, next) {
      const source = url.startsWith('file:') ? sources.get(fileURLToPath(url)) : undefined
      if (source === undefined) return next(url, context)
      return { format: 'module-typescript', source, shortCircuit: true }
    },
  })
}
