import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allows, digestIdentity, maskAcl, resolveAcl } from './access.ts'
import { ZooKeeperCode } from './errors.ts'
import { Perm } from './protocol.ts'

const LOCAL = { scheme: 'ip', id: '127.0.0.1' }
const USER = { scheme: 'digest', id: digestIdentity('user:pass') }

test('row 26: a digest is the user and the hash of user and password; the super user passes everything', () => {
  assert.equal(USER.id, 'user:smGaoVKd/cQkjm7b88GyorAUz20=')
  const acl = [{ perms: Perm.read, ...USER }]
  assert.ok(allows(acl, Perm.read, [LOCAL, USER]))
  assert.ok(!allows(acl, Perm.write, [LOCAL, USER]))
  assert.ok(!allows(acl, Perm.read, [{ scheme: 'digest', id: digestIdentity('user:other') }]))
  assert.ok(allows(acl, Perm.admin, [{ scheme: 'super', id: '' }]))
})

test('addresses match by prefix', () => {
  const reads = (range: string, address: string): boolean =>
    allows([{ perms: Perm.read, scheme: 'ip', id: range }], Perm.read, [
      { scheme: 'ip', id: address },
    ])
  assert.ok(reads('10.1.0.0/16', '10.1.200.3'))
  assert.ok(!reads('10.1.0.0/16', '10.2.0.1'))
  assert.ok(reads('10.1.2.128/25', '10.1.2.200'))
  assert.ok(!reads('10.1.2.128/25', '10.1.2.100'))
  assert.ok(reads('10.1.2.3', '10.1.2.3'))
  assert.ok(reads('2001:db8::/32', '2001:db8:1::5'))
  assert.ok(!reads('2001:db8::/32', '2001:db9::5'))
  assert.ok(!reads('10.0.0.0/8', '::1'))
})

test('a list from a client: auth becomes its identities, what cannot be meant is refused', () => {
  const auth = { perms: Perm.all, scheme: 'auth', id: 'ignored' }
  assert.deepEqual(resolveAcl([auth], [LOCAL, USER]), [{ perms: Perm.all, ...USER }])
  assert.equal(resolveAcl([auth], [LOCAL]), ZooKeeperCode.INVALIDACL)
  assert.equal(resolveAcl([], [USER]), ZooKeeperCode.INVALIDACL)
  for (const [scheme, id] of [
    ['world', 'somebody'],
    ['digest', 'no-hash'],
    ['ip', '300.1.1.1'],
    ['ip', '10.0.0.0/33'],
    ['ip', '1::2::3'],
    ['sasl', 'kafka@A@B'],
    ['kerberos', 'kafka'],
  ] as const) {
    const refused = resolveAcl([{ perms: 31, scheme, id }], [USER])
    assert.equal(refused, ZooKeeperCode.INVALIDACL, `${scheme}:${id}`)
  }
  const twice = { perms: 1, scheme: 'world', id: 'anyone' }
  assert.deepEqual(resolveAcl([twice, twice], []), [twice])
})

test('rows 105 and 109: those without admin rights do not see the hash of a password', () => {
  const acl = [{ perms: Perm.all, ...USER }]
  assert.deepEqual(maskAcl(acl, [LOCAL]), [{ perms: Perm.all, scheme: 'digest', id: 'user:x' }])
  assert.deepEqual(maskAcl(acl, [USER]), acl)
})
