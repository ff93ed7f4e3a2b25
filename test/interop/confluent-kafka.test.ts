// confluent-kafka for Python (librdkafka) against this project's broker.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { startBroker } from '../../src/testing/start-broker.ts'
import { runCommand } from '../support/kafka.ts'

const SCRIPT = join(import.meta.dirname, 'confluent-kafka.py')
const PYTHON = process.env['OTTLA_PYTHON'] ?? 'python3'

function isMissing(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import confluent_kafka'], { stdio: 'ignore' })
    return false
  } catch {
    return true
  }
}

const skip = isMissing() ? 'confluent-kafka' : false

test('confluent-kafka: all codecs, offsets, members of both strategies', { skip }, async () => {
  await using broker = await startBroker()
  const { code, stdout, stderr } = await runCommand(PYTHON, [SCRIPT, broker.bootstrap], '', 150_000)
  assert.equal(`${code} ${stdout.trim()}`, '0 done', stderr)
})
