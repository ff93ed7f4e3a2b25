// Records what the scripts of Apache Kafka 3.9 print for the story in test/support/tool-scenario.ts,
// against a real broker, into test/fixtures/tools. Needs Java.
//
//   node scripts/record-tools.ts
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'
import { end, startKafka, startZooKeeper } from '../test/support/kafka.ts'
import { SCENARIO, SCENARIO_FILES, argumentsOf, comparable } from '../test/support/tool-scenario.ts'
import { kafkaJars } from './kafka-jars.ts'

const CLASSES: Readonly<Record<string, string>> = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  configs: 'kafka.admin.ConfigCommand',
  'console-producer': 'kafka.tools.ConsoleProducer',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  cluster: 'org.apache.kafka.tools.ClusterTool',
}
const LOGGING = `log4j.rootLogger=WARN, stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=[%d] %p %m (%c)%n
log4j.appender.stderr.Target=System.err
`
const SETTINGS = {
  'broker.id': '1',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '5',
  'group.initial.rebalance.delay.ms': '0',
}

const directory = mkdtempSync(join(tmpdir(), 'ottla-tools-'))
const [port, zookeeperPort] = [await freePort(), await freePort()]
const zookeeper = startZooKeeper(directory, zookeeperPort)
const kafka = await startKafka(directory, port, {
  ...SETTINGS,
  'log.dirs': join(directory, 'logs'),
  'zookeeper.connect': `127.0.0.1:${zookeeperPort}`,
})
writeFileSync(join(directory, 'log4j.properties'), LOGGING)
const fileOf = (name: string): string => join(directory, `${name}.json`)
for (const [name, content] of Object.entries(SCENARIO_FILES)) {
  writeFileSync(fileOf(name), JSON.stringify(content))
}

const recorded = []
for (const step of SCENARIO) {
  const result = spawnSync(
    'java',
    [
      '-XX:TieredStopAtLevel=1',
      `-Dlog4j.configuration=file:${join(directory, 'log4j.properties')}`,
      '-cp',
      kafkaJars('3.9').classPath ?? '',
      CLASSES[step.tool] ?? '',
      ...argumentsOf(step, `127.0.0.1:${port}`, fileOf),
    ],
    { input: step.stdin ?? '', encoding: 'utf8', timeout: 60_000 },
  )
  const outcome = { exitCode: result.status ?? -1, stdout: result.stdout, stderr: result.stderr }
  recorded.push({ tool: step.tool, args: step.args, ...comparable(outcome, step) })
  process.stdout.write(`${step.tool} ${step.args}: ${result.status}\n`)
}
const file = new URL('../test/fixtures/tools/scenario-3.9.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(recorded, undefined, 2)}\n`)
await end(kafka, 'SIGKILL')
await end(zookeeper, 'SIGKILL')
rmSync(directory, { recursive: true, force: true })
