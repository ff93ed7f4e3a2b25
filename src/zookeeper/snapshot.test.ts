// A snapshot written in slices holds the tree of its beginning, whatever happens between them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OpCode, OPEN_ACL, READ_ACL } from './protocol.ts'
import { decodeSnapshot, encodeSnapshot, SnapshotSlices } from './snapshot.ts'
import type { NodeTxn } from './transactions.ts'
import { Tree } from './tree.ts'

const PARENTS = 60
const CHILDREN = 100

function apply(tree: Tree, txn: NodeTxn): void {
  const zxid = tree.lastZxid + 1
  tree.apply({ sessionId: 1n, cxid: 1, zxid, timeMs: zxid, txn }, [])
}

function create(tree: Tree, path: string): void {
  const data = Buffer.from(path)
  const opCode = OpCode.create2
  const acl = OPEN_ACL
  apply(tree, {
    kind: 'create',
    opCode,
    path,
    data,
    acl,
    ephemeral: false,
    parentCversion: -1,
    ttlMs: 0,
  })
}

function filledTree(): Tree {
  const tree = Tree.initial()
  for (let parent = 0; parent < PARENTS; parent++) {
    create(tree, `/${parent}`)
    for (let child = 0; child < CHILDREN; child++) create(tree, `/${parent}/${child}`)
  }
  return tree
}

function contentOf(bytes: Buffer): Map<string, unknown> {
  const tree = decodeSnapshot(bytes, 1, {})
  return new Map([...tree.nodes].map(([path, node]) => [path, { ...node, acl: tree.aclOf(node) }]))
}

/** One of many things that may happen to a node, or nothing where it cannot. */
function change(tree: Tree, action: number, path: string): void {
  const node = tree.nodes.get(path)
  if (action === 0) apply(tree, { kind: 'setData', path, data: Buffer.from('new'), version: 7 })
  else if (action === 1 && node?.children === undefined)
    apply(tree, { kind: 'delete', path, container: false })
  else if (action === 2) create(tree, path)
  else if (action === 3) apply(tree, { kind: 'setAcl', path, acl: READ_ACL, version: 3 })
  else if (action === 4) {
    for (const name of node?.children ?? []) {
      apply(tree, { kind: 'delete', path: `${path}/${name}`, container: false })
    }
    apply(tree, { kind: 'delete', path, container: false })
    create(tree, path)
  }
}

test('a snapshot in slices is that of one moment', () => {
  const pathOf = fc
    .tuple(fc.nat(PARENTS - 1), fc.nat(CHILDREN * 2), fc.boolean())
    .map(([parent, child, isParent]) => (isParent ? `/${parent}` : `/${parent}/${child}`))
  const changes = fc.array(fc.tuple(fc.nat(4), pathOf), { maxLength: 200 })
  fc.assert(
    fc.property(fc.array(changes, { minLength: 4, maxLength: 4 }), (rounds) => {
      const tree = filledTree()
      const expected = contentOf(encodeSnapshot(tree))
      const slices = new SnapshotSlices(tree)
      const parts: Buffer[] = []
      for (let part = slices.next(); part !== undefined; part = slices.next()) {
        for (const [action, path] of rounds[parts.length] ?? []) change(tree, action, path)
        parts.push(part)
      }
      assert.ok(parts.length >= 4, `${parts.length} slices`)
      assert.deepEqual(contentOf(Buffer.concat(parts)), expected)
      assert.equal(tree.beforeChange, undefined)
    }),
    { numRuns: 4 },
  )
})
