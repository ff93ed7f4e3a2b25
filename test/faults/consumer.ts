// A process that reads a topic in a group, until it is killed: `consumer.ts BOOTSTRAP TOPIC GROUP`.
// It prints the partitions that it has and the values that it reads, a line each.
import { Kafka, logLevel } from 'kafkajs'

const [bootstrap = '', topic = '', groupId = ''] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: 1_500,
  rebalanceTimeout: 1_500,
  heartbeatInterval: 200,
  maxWaitTimeInMs: 100,
})
consumer.on('consumer.group_join', ({ payload }) => {
  console.log(`partitions ${(payload.memberAssignment[topic] ?? []).join(' ')}`)
})
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  autoCommitThreshold: 1,
  eachMessage: async ({ message }) => console.log(`value ${String(message.value)}`),
})
