// What requests become: ZooKeeper's rules of versions, numbers and order, inside multis too.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZooKeeperCode } from './errors.ts'
import { Machine } from './machine.ts'
import type { Decision } from './machine.ts'
import { OpCode, OPEN_ACL } from './protocol.ts'
import type { Stat } from './protocol.ts'
import type { NodeRequest } from './requests.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts'
import { Tree } from './tree.ts'
import type { Outcome } from './tree.ts'

const SESSION = 5n
const BY = { sessionId: SESSION, cxid: 1, identities: [{ scheme: 'ip', id: '127.0.0.1' }] }

function machineWithSession(
  options: { extendedTypes?: boolean; enforceQuota?: boolean } = {},
): Machine {
  const { enforceQuota = false } = options
  const tree = Tree.initial(options)
  tree.sessions.set(SESSION, 6000)
  return new Machine(tree, { tickTimeMs: 2000, maxEntryBytes: 1000, enforceQuota })
}

function create(path: string, flags = 0, opCode: number = OpCode.create2): NodeRequest {
  return { kind: 'create', opCode, path, data: null, acl: OPEN_ACL, flags, ttlMs: -1 }
}

function set(path: string, version: number): NodeRequest {
  return { kind: 'setData', path, data: Buffer.from('x'), version }
}

function remove(path: string, version = -1): NodeRequest {
  return { kind: 'delete', path, version, container: false }
}

function multi(machine: Machine, requests: readonly NodeRequest[]): Decision {
  const items = requests.map((request) => ({ opCode: 0, request }))
  return machine.decide({ kind: 'multi', by: BY, items }, 1000)
}

/** Does it: the outcomes, or the code that refused it. */
function perform(machine: Machine, request: NodeRequest): Outcome {
  const decision = machine.decide({ kind: 'change', by: BY, request }, 1000)
  if (decision.kind === 'refused') return { kind: 'error', code: decision.code }
  assert.ok(decision.kind === 'entry')
  const [outcome] = machine.apply(decision.entry).outcomes
  assert.ok(outcome)
  return outcome
}

function statOf(machine: Machine, path: string): Stat {
  const node = machine.tree.nodes.get(path)
  assert.ok(node, path)
  return machine.tree.stat(node)
}

function refusedWith(machine: Machine, request: NodeRequest): number {
  const outcome = perform(machine, request)
  assert.equal(outcome.kind, 'error')
  return outcome.kind === 'error' ? outcome.code : 0
}

test('a decision changes nothing', () => {
  const machine = machineWithSession()
  const before = JSON.stringify([...machine.tree.nodes.keys()])
  machine.decide({ kind: 'change', by: BY, request: create('/a') }, 1000)
  assert.equal(JSON.stringify([...machine.tree.nodes.keys()]), before)
  assert.equal(machine.tree.lastZxid, 0)
})

test('cversion counts creates and deletes of children, pzxid is the zxid of the last', () => {
  const machine = machineWithSession()
  perform(machine, create('/a'))
  perform(machine, create('/a/1'))
  perform(machine, create('/a/2'))
  perform(machine, remove('/a/1'))
  const { cversion, pzxid, numChildren, mzxid, version } = statOf(machine, '/a')
  assert.deepEqual(
    { cversion, pzxid, numChildren, mzxid, version },
    { cversion: 3, pzxid: 4, numChildren: 1, mzxid: 1, version: 0 },
  )
})

test('sequence numbers never repeat, whatever was deleted', () => {
  const machine = machineWithSession()
  const path = (outcome: Outcome): string => (outcome.kind === 'created' ? outcome.path : '')
  perform(machine, create('/q'))
  assert.equal(path(perform(machine, create('/q/n-', 2))), '/q/n-0000000000')
  perform(machine, remove('/q/n-0000000000'))
  assert.equal(path(perform(machine, create('/q/n-', 2))), '/q/n-0000000001')
  assert.equal(path(perform(machine, create('/q/', 3))), '/q/0000000002')
})

test('refusals, in the order in which ZooKeeper looks', () => {
  const machine = machineWithSession()
  perform(machine, create('/a'))
  perform(machine, create('/a/e', 1))
  assert.equal(refusedWith(machine, create('/a')), ZooKeeperCode.NODEEXISTS)
  assert.equal(refusedWith(machine, create('/b/c')), ZooKeeperCode.NONODE)
  assert.equal(refusedWith(machine, create('/a/e/x')), ZooKeeperCode.NOCHILDRENFOREPHEMERALS)
  assert.equal(refusedWith(machine, create('/x', 9)), ZooKeeperCode.BADARGUMENTS)
  assert.equal(refusedWith(machine, create('/x', 5)), ZooKeeperCode.UNIMPLEMENTED)
  assert.equal(refusedWith(machine, remove('/a', 3)), ZooKeeperCode.BADVERSION)
  assert.equal(refusedWith(machine, remove('/a')), ZooKeeperCode.NOTEMPTY)
  assert.equal(refusedWith(machine, remove('/zookeeper')), ZooKeeperCode.BADARGUMENTS)
  assert.equal(refusedWith(machine, set('/a', 1)), ZooKeeperCode.BADVERSION)
  const noAcl: NodeRequest = { ...create('/x'), kind: 'setAcl', path: '/a', acl: [], version: -1 }
  assert.equal(refusedWith(machine, noAcl), ZooKeeperCode.INVALIDACL)
  machine.tree.sessions.delete(SESSION)
  assert.equal(refusedWith(machine, set('/a', 0)), ZooKeeperCode.SESSIONEXPIRED)
})

test('all of a multi has one zxid, and each operation sees those before it', () => {
  const machine = machineWithSession()
  const decision = multi(machine, [
    create('/m', 1),
    set('/m', 0),
    create('/p'),
    create('/p/s-', 2),
    create('/p/s-', 2),
    remove('/p/s-0000000000'),
    { kind: 'check', path: '/m', version: 1 },
  ])
  assert.ok(decision.kind === 'entry')
  const { outcomes, changes } = machine.apply(decision.entry)
  assert.deepEqual(
    outcomes.map((outcome) => outcome.kind),
    ['created', 'changed', 'created', 'created', 'created', 'done', 'done'],
  )
  const stat = statOf(machine, '/m')
  assert.deepEqual([stat.czxid, stat.mzxid, stat.version, stat.ephemeralOwner], [1, 1, 1, SESSION])
  assert.equal(statOf(machine, '/p').cversion, 3)
  assert.deepEqual([...(machine.tree.nodes.get('/p')?.children ?? [])], ['s-0000000001'])
  assert.equal(changes.length, 6)
})

test('a refused multi: 0 before the failed operation, its code, -2 after it, and nothing happened', () => {
  const machine = machineWithSession()
  const decision = multi(machine, [create('/a'), create('/zookeeper'), create('/b')])
  assert.deepEqual(decision, { kind: 'multiRefused', codes: [0, ZooKeeperCode.NODEEXISTS, -2] })
  assert.equal(machine.tree.lastZxid, 0)
})

test('row 87: a multi that checks the epoch of a controller changes nothing for an old one', () => {
  const machine = machineWithSession()
  perform(machine, create('/controller_epoch'))
  perform(machine, create('/state'))
  perform(machine, set('/controller_epoch', 0))
  const decision = multi(machine, [
    { kind: 'check', path: '/controller_epoch', version: 0 },
    set('/state', 0),
  ])
  assert.deepEqual(decision, { kind: 'multiRefused', codes: [ZooKeeperCode.BADVERSION, -2] })
})

test('row 94: closing a session a second time in replay does nothing', () => {
  const machine = machineWithSession()
  perform(machine, create('/e', 1))
  const decision = machine.decide({ kind: 'closeSession', sessionId: SESSION, cxid: 9 }, 1000)
  assert.ok(decision.kind === 'entry')
  const first = machine.apply(decision.entry)
  assert.deepEqual(
    first.changes.map(({ type, path }) => `${type} ${path}`),
    ['deleted /e'],
  )
  machine.tree.sessions.set(6n, 6000)
  const again = machine.decide(
    { kind: 'change', by: { ...BY, sessionId: 6n }, request: create('/e', 1) },
    1000,
  )
  assert.ok(again.kind === 'entry')
  machine.apply(again.entry)
  assert.deepEqual(machine.apply(decision.entry).changes, [])
  assert.equal(statOf(machine, '/e').ephemeralOwner, 6n)
})

test('nodes with a time to live go when they are old and have no children', () => {
  const machine = machineWithSession({ extendedTypes: true })
  const request: NodeRequest = {
    kind: 'create',
    opCode: OpCode.createTtl,
    path: '/ttl',
    data: null,
    acl: OPEN_ACL,
    flags: 5,
    ttlMs: 500,
  }
  perform(machine, request)
  assert.equal(statOf(machine, '/ttl').ephemeralOwner, 0n)
  assert.deepEqual(machine.tree.reapable(1500), [])
  assert.deepEqual(machine.tree.reapable(1501), ['/ttl'])
  perform(machine, create('/ttl/child'))
  assert.deepEqual(machine.tree.reapable(9999), [])
})

test('quotas count the nodes and bytes at and below their path', () => {
  const machine = machineWithSession()
  const stats = (): string =>
    String(machine.tree.nodes.get('/zookeeper/quota/a/zookeeper_stats')?.data)
  for (const path of ['/a', '/a/b', '/other']) perform(machine, create(path))
  perform(machine, create('/zookeeper/quota/a'))
  perform(machine, create('/zookeeper/quota/a/zookeeper_limits'))
  perform(machine, create('/zookeeper/quota/a/zookeeper_stats'))
  assert.equal(stats(), 'count=2,bytes=0')
  perform(machine, set('/a/b', 0))
  perform(machine, create('/a/b/c'))
  perform(machine, create('/other/d'))
  assert.equal(stats(), 'count=3,bytes=1')
  const restored = decodeSnapshot(encodeSnapshot(machine.tree), 9, {})
  assert.equal(String(restored.nodes.get('/zookeeper/quota/a/zookeeper_stats')?.data), stats())
  perform(machine, remove('/a/b/c'))
  assert.equal(stats(), 'count=2,bytes=1')
  perform(machine, remove('/zookeeper/quota/a/zookeeper_limits'))
  perform(machine, create('/a/e'))
  assert.equal(stats(), 'count=2,bytes=1')
})

test('hard limits of a quota refuse what exceeds them, once they are enforced', () => {
  for (const enforceQuota of [true, false]) {
    const machine = machineWithSession({ enforceQuota })
    const limits = Buffer.from('count=1,bytes=0=;byteHardLimit=4;countHardLimit=3')
    for (const path of ['/q', '/q/a', '/zookeeper/quota/q']) perform(machine, create(path))
    const ofLimits = { ...create('/zookeeper/quota/q/zookeeper_limits'), data: limits } as const
    perform(machine, ofLimits)
    perform(machine, create('/zookeeper/quota/q/zookeeper_stats'))
    // Soft limits, passed already, are only reported.
    assert.equal(perform(machine, create('/q/b')).kind, 'created')
    const codeOf = (request: NodeRequest): number => {
      const outcome = perform(machine, request)
      return outcome.kind === 'error' ? outcome.code : 0
    }
    const refused = enforceQuota ? ZooKeeperCode.QUOTAEXCEEDED : 0
    assert.equal(codeOf(create('/q/c')), refused)
    const large = { kind: 'setData', path: '/q/a', data: Buffer.alloc(5), version: -1 } as const
    assert.equal(codeOf(large), refused)
    assert.equal(codeOf({ ...large, data: Buffer.alloc(4) }), 0)
    assert.equal(codeOf({ ...large, data: Buffer.alloc(1) }), 0)
    assert.equal(codeOf(create('/elsewhere')), 0)
    perform(machine, remove('/q/b'))
    assert.equal(codeOf(create('/q/d')), 0)
  }
})
