// TLS to an ensemble of Apache ZooKeeper 3.9 servers that asks for certificates: our broker is known by
// its own, finds another member when one dies, and is refused without.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { startBroker } from '../../src/testing/start-broker.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { missingKafka, runTool as runJava, writeProperties } from '../support/kafka.ts'
import { runTool } from '../support/run-tool.ts'
import { ZooKeeperEnsemble } from '../support/zookeeper-ensemble.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'tls')
const KEYS = join(FIXTURES, 'key-store.p12')
const TRUSTED = join(FIXTURES, 'trust-store.jks')
const PASSWORD = 'secret1'
const skip: string | false = missingKafka('3.9') || missingKafka('zookeeper-3.9')
const directory = mkdtempSync(join(tmpdir(), 'ottla-zookeeper-tls-'))

after(() => rmSync(directory, { recursive: true, force: true }))

const SERVER_TLS = {
  'ssl.keyStore.location': KEYS,
  'ssl.keyStore.password': PASSWORD,
  'ssl.trustStore.location': TRUSTED,
  'ssl.trustStore.password': PASSWORD,
  'ssl.clientAuth': 'need',
  'authProvider.x509': 'org.apache.zookeeper.server.auth.X509AuthenticationProvider',
}

const WITHOUT_KEYS = {
  'zookeeper.ssl.client.enable': 'true',
  // By default Kafka speaks 1.2 alone, and ZooKeeper 3.9 takes 1.3 alone.
  'zookeeper.ssl.protocol': 'TLSv1.3',
  'zookeeper.clientCnxnSocket': 'org.apache.zookeeper.ClientCnxnSocketNetty',
  'zookeeper.ssl.truststore.location': TRUSTED,
  'zookeeper.ssl.truststore.password': PASSWORD,
}
const CLIENT_TLS = {
  ...WITHOUT_KEYS,
  'zookeeper.ssl.keystore.location': KEYS,
  'zookeeper.ssl.keystore.password': PASSWORD,
}

/** Where the answer of the first attempt goes with a member that dies, the second finds the topic. */
async function createTopic(bootstrap: string, topic: string): Promise<void> {
  const args = ['topics', '--bootstrap-server', bootstrap, '--create', '--if-not-exists']
  const { exitCode, stderr } = await runTool([...args, '--topic', topic])
  assert.equal(exitCode, 0, stderr)
}

test(
  'a broker works over TLS on an Apache ensemble, one of whose members dies',
  { skip },
  async () => {
    const ensemble = await ZooKeeperEnsemble.start(directory, 3, {
      tls: SERVER_TLS,
      jars: 'zookeeper-3.9',
    })
    let plain: ZooKeeperClient | undefined
    try {
      plain = await ZooKeeperClient.connect({
        platform: nodePlatform(),
        logger: silentLogger,
        connect: `${ensemble.connect}/secure`,
        sessionTimeoutMs: 20_000,
        connectionTimeoutMs: 60_000,
      })
      const settings = {
        'zookeeper.connect': `${ensemble.secureConnect}/secure`,
        'zookeeper.set.acl': 'true',
        ...CLIENT_TLS,
      }
      {
        await using broker = await startBroker({ settings })
        const session = (await plain.exists('/brokers/ids/1'))?.ephemeralOwner
        for (const index of [0, 1]) {
          await createTopic(broker.bootstrap, `before-${index}`)
          await ensemble.killMember(index)
          await createTopic(broker.bootstrap, `without-${index}`)
          ensemble.startMember(index)
        }
        assert.equal((await plain.exists('/brokers/ids/1'))?.ephemeralOwner, session)
        assert.equal((await plain.children('/brokers/topics')).length, 4)
        const { acl } = await plain.getAcl('/brokers/topics/before-0')
        assert.deepEqual(
          acl.map(({ perms, scheme, id }) => `${perms} ${scheme} ${id}`),
          ['31 x509 CN=localhost', '1 world anyone'],
        )
        await assert.rejects(plain.set('/controller_epoch', null), { name: 'NOAUTH' })
      }
      const unknown = {
        ...WITHOUT_KEYS,
        'zookeeper.connect': ensemble.secureConnect,
        'zookeeper.connection.timeout.ms': '2000',
      }
      await assert.rejects(startBroker({ settings: unknown }), /No ZooKeeper answered at/)
      await compareShells(ensemble.secureConnect)
    } finally {
      plain?.abandon()
      await ensemble.stop()
    }
  },
)

/** Both shells take the same file of settings. */
async function compareShells(server: string): Promise<void> {
  const file = join(directory, 'tls.properties')
  writeProperties(file, CLIENT_TLS)
  const args = [server, '-zk-tls-config-file', file, 'ls', '/secure/brokers']
  const ours = await runTool(['zookeeper-shell', ...args])
  const main = 'org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka'
  const theirs = await runJava('3.9', main, ['-server', ...args])
  assert.equal(ours.exitCode, 0, ours.stderr)
  assert.match(ours.stdout, /^\[ids, seqid, topics\]$/m)
  assert.match(theirs.stdout, /^\[ids, seqid, topics\]$/m)
}
