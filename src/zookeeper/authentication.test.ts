// Who a client is by SASL: the client, the server and the nodes between them. Named after the rows
// of the reliability list where there is one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../telemetry/logger.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { UserRules } from './authentication.ts'
import { ZooKeeperClient } from './client.ts'
import type { ClientOptions } from './client.ts'
import { clientLogin, serverUsers } from './jaas-login.ts'
import { CREATOR_ALL_ACL } from './protocol.ts'
import { ZooKeeperServer } from './server.ts'

const JAAS = {
  path: 'jaas.conf',
  text: `
    Server {
      org.apache.zookeeper.server.auth.DigestLoginModule required
      user_kafka="secret" user_bob="bobs" user_super="root";
    };
    Client { org.apache.zookeeper.server.auth.DigestLoginModule required username="kafka" password="secret"; };
    Kerberos { com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true; };
    Nobody { org.apache.zookeeper.server.auth.DigestLoginModule required; };`,
}
const KAFKA = { username: 'kafka', password: 'secret' }

async function setup(users: Partial<UserRules> = {}) {
  const world = new SimulatedWorld({ seed: 5 })
  const { clock } = world.machine('app').platform
  await ZooKeeperServer.start({
    platform: world.machine('zk').platform,
    logger: silentLogger,
    directory: '/zk',
    tickTimeMs: 500,
    preAllocateBytes: 4096,
    listeners: [{ host: 'zk', port: 2181 }],
    users: { saslUsers: serverUsers(JAAS, 'Server'), ...users },
  })
  const connect = (changed: Partial<ClientOptions> = {}): Promise<ZooKeeperClient> =>
    clock.resolve(
      ZooKeeperClient.connect({
        platform: world.machine('app').platform,
        logger: silentLogger,
        connect: 'zk:2181',
        sessionTimeoutMs: 6000,
        connectionTimeoutMs: 3000,
        ...changed,
      }),
    )
  return { world, clock, connect }
}

test('a user of SASL owns what it makes, and others are kept out', async () => {
  const { clock, connect } = await setup()
  const kafka = await connect({ sasl: clientLogin(JAAS, 'Client') })
  await clock.resolve(kafka.create('/k', Buffer.from('x'), { acl: CREATOR_ALL_ACL }))
  const { acl } = await clock.resolve(kafka.getAcl('/k'))
  assert.deepEqual(acl, [{ perms: 31, scheme: 'sasl', id: 'kafka' }])
  const users = (await clock.resolve(kafka.whoAmI())).map(({ scheme, user }) => `${scheme} ${user}`)
  assert.ok(users.includes('sasl kafka'))
  const bob = await connect({ sasl: { username: 'bob', password: 'bobs' } })
  await assert.rejects(clock.resolve(bob.get('/k')), { name: 'NOAUTH' })
  await assert.rejects(clock.resolve((await connect()).get('/k')), { name: 'NOAUTH' })
  const root = await connect({ sasl: { username: 'super', password: 'root' } })
  assert.equal(String((await clock.resolve(root.get('/k'))).data), 'x')
})

test('a wrong password and a server without users are refused at once', async () => {
  const { connect } = await setup()
  for (const sasl of [
    { username: 'kafka', password: 'wrong' },
    { username: 'nobody', password: 'secret' },
  ]) {
    await assert.rejects(connect({ sasl }), {
      name: 'AUTHFAILED',
      message: /zk:2181 does not believe/,
    })
  }
  const { connect: elsewhere } = await setup({ saslUsers: undefined })
  await assert.rejects(elsewhere({ sasl: KAFKA }), { name: 'AUTHFAILED' })
})

test('row 97: who a client is belongs to its connection, and is shown again on the next', async () => {
  const { world, clock, connect } = await setup()
  const kafka = await connect({ sasl: KAFKA })
  await clock.resolve(kafka.create('/k', null, { acl: CREATOR_ALL_ACL }))
  world.network.reset('app', 'zk')
  await clock.resolve(kafka.set('/k', Buffer.from('x'), 0))
  world.network.reset('app', 'zk')
  // The same session without the password is nobody in particular.
  const thief = await connect({ session: kafka.session })
  assert.equal(thief.sessionId, kafka.sessionId)
  await assert.rejects(clock.resolve(thief.get('/k')), { name: 'NOAUTH' })
})

test('a request of who is nobody ends the connection where SASL is required', async () => {
  const { clock, connect } = await setup({ requiredSchemes: ['sasl'] })
  const kafka = await connect({ sasl: KAFKA })
  await clock.resolve(kafka.create('/k', null))
  const nobody = await connect()
  const states: string[] = []
  nobody.onState((state) => states.push(state))
  await assert.rejects(clock.resolve(nobody.get('/k')), { name: 'SESSIONCLOSEDREQUIRESASLAUTH' })
  await clock.advance(50)
  assert.equal(states[0], 'disconnected')
})

test('the super user of SASL may do everything; who fails may stay where that is allowed', async () => {
  const { clock, connect } = await setup({ saslSuperUser: 'bob', allowsSaslFailure: true })
  const kafka = await connect({ sasl: KAFKA })
  const digest = [{ perms: 31, scheme: 'digest', id: 'a:b' }]
  await clock.resolve(kafka.create('/d', Buffer.from('x'), { acl: digest }))
  await assert.rejects(clock.resolve(kafka.get('/d')), { name: 'NOAUTH' })
  const bob = await connect({ sasl: { username: 'bob', password: 'bobs' } })
  assert.equal(String((await clock.resolve(bob.get('/d'))).data), 'x')
})

test('logins that are none: Kerberos and half a user are refused in words', () => {
  assert.equal(clientLogin(JAAS, 'Elsewhere'), undefined)
  assert.equal(serverUsers(JAAS, 'Elsewhere'), undefined)
  assert.throws(
    () => clientLogin(JAAS, 'Kerberos'),
    /asks for Kerberos \(GSSAPI\), which is not there/,
  )
  assert.throws(() => clientLogin(JAAS, 'Nobody'), /Nobody needs username="…" and password="…"/)
})

test('an identity that is refused on a live connection is told, and not tried without pause', async () => {
  const { clock, connect } = await setup()
  const client = await connect()
  let refusals = 0
  client.onRefused(() => refusals++)
  client.addAuth('kerberos', Buffer.from('x'))
  await clock.advance(100)
  assert.equal(refusals, 1)
  await clock.advance(3000)
  assert.ok(refusals >= 2 && refusals <= 4, `${refusals} refusals`)
})
