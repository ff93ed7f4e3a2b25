// SASL (DIGEST-MD5 from a JAAS file) between brokers and ZooKeepers of both makers, with
// `zookeeper.set.acl=true`: who owns the nodes, and who is kept out.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { startBroker } from '../../src/testing/start-broker.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { serverUsers } from '../../src/zookeeper/jaas-login.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { freePort } from '../support/free-port.ts'
import {
  end,
  missingKafka,
  runTool as runJava,
  startJava,
  untilServing,
  writeProperties,
} from '../support/kafka.ts'
import { runTool } from '../support/run-tool.ts'

const HOST = '127.0.0.1'
const skip: string | false = missingKafka('3.9')
const platform = nodePlatform()
const directory = mkdtempSync(join(tmpdir(), 'ottla-zookeeper-sasl-'))
const jaas = join(directory, 'jaas.conf')
const JAAS = `
Server {
  org.apache.zookeeper.server.auth.DigestLoginModule required user_kafka="kafka-secret" user_bob="x";
};
Client {
  org.apache.zookeeper.server.auth.DigestLoginModule required username="kafka" password="kafka-secret";
};
Wrong {
  org.apache.zookeeper.server.auth.DigestLoginModule required username="kafka" password="guessed";
};
`
const LOGIN = `-Djava.security.auth.login.config=${jaas}`
const OWNER = '31 sasl kafka'
const OPEN = '1 world anyone'
const LISTS = {
  '/brokers/ids/1': [OWNER, OPEN],
  '/brokers/topics/orders': [OWNER, OPEN],
  '/config/topics/orders': [OWNER, OPEN],
  '/controller_epoch': [OWNER, OPEN],
  '/config/users': [OWNER],
}

writeFileSync(jaas, JAAS)
after(() => rmSync(directory, { recursive: true, force: true }))

function connect(at: string, username = 'kafka'): Promise<ZooKeeperClient> {
  const password = username === 'kafka' ? 'kafka-secret' : 'x'
  return ZooKeeperClient.connect({
    platform,
    logger: silentLogger,
    connect: at,
    sessionTimeoutMs: 10_000,
    connectionTimeoutMs: 20_000,
    sasl: { username, password },
  })
}

async function checkLists(at: string): Promise<void> {
  const kafka = await connect(at)
  const seen: Record<string, string[]> = {}
  for (const path of Object.keys(LISTS)) {
    const { acl } = await kafka.getAcl(path)
    seen[path] = acl.map(({ perms, scheme, id }) => `${perms} ${scheme} ${id}`)
  }
  assert.deepEqual(seen, LISTS)
  const bob = await connect(at, 'bob')
  await assert.rejects(bob.set('/controller_epoch', null), { name: 'NOAUTH' })
  await Promise.all([kafka.close(), bob.close()])
}

async function createOrders(bootstrap: string): Promise<void> {
  const args = ['topics', '--bootstrap-server', bootstrap, '--create', '--topic', 'orders']
  const { exitCode, stderr } = await runTool(args)
  assert.equal(exitCode, 0, stderr)
}

test('our broker is known by its JAAS file to Apache ZooKeeper', { skip }, async () => {
  const port = await freePort()
  const home = join(directory, 'theirs')
  mkdirSync(home)
  const file = join(home, 'zoo.cfg')
  writeProperties(file, {
    dataDir: join(home, 'data'),
    clientPort: String(port),
    clientPortAddress: HOST,
    tickTime: '500',
    'admin.enableServer': 'false',
    'authProvider.sasl': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
  })
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  const theirs = startJava(home, 'zookeeper', [LOGIN, main, file])
  try {
    await (await connect(`${HOST}:${port}`)).close()
    const settings = {
      'zookeeper.connect': `${HOST}:${port}/secure`,
      'zookeeper.set.acl': 'true',
      'ottla.jaas.file': jaas,
    }
    {
      await using broker = await startBroker({ settings })
      await createOrders(broker.bootstrap)
      await checkLists(`${HOST}:${port}/secure`)
    }
    const wrong = { ...settings, 'ottla.zookeeper.jaas.section': 'Wrong' }
    await assert.rejects(startBroker({ settings: wrong }), /does not believe who this broker says/)
  } finally {
    await end(theirs, 'SIGKILL')
  }
})

test(
  'Apache Kafka and its shell are known by their JAAS file to our server',
  { skip },
  async () => {
    const server = await ZooKeeperServer.start({
      platform,
      logger: silentLogger,
      directory: join(directory, 'ours'),
      listeners: [{ host: HOST, port: 0 }],
      users: { saslUsers: serverUsers({ path: jaas, text: JAAS }, 'Server') },
    })
    const at = `${HOST}:${server.ports[0]}`
    const port = await freePort()
    const home = join(directory, 'kafka')
    mkdirSync(home)
    const file = join(home, 'kafka.properties')
    writeProperties(file, {
      listeners: `PLAINTEXT://${HOST}:${port}`,
      'broker.id': '1',
      'zookeeper.connect': `${at}/apache`,
      'zookeeper.set.acl': 'true',
      'log.dirs': join(home, 'logs'),
      'offsets.topic.replication.factor': '1',
    })
    const kafka = startJava(home, 'kafka', [LOGIN, 'kafka.Kafka', file])
    try {
      await untilServing(port, kafka)
      await createOrders(`${HOST}:${port}`)
      await checkLists(`${at}/apache`)
      const shell = 'org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka'
      const whoami = ['-server', at, 'whoami']
      const { stdout } = await runJava('3.9', LOGIN, [shell, ...whoami])
      assert.match(stdout, /state:SaslAuthenticated[^]*^sasl: kafka$/m)
    } finally {
      await end(kafka, 'SIGKILL')
      await server.close()
    }
  },
)
