// Copies a golden partition to a temporary directory, damages it, and reads what the command says.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { run } from './run.ts'

const GOLDEN = new URL('../../test/fixtures/log/3.9-txn-0', import.meta.url)

async function check(...directories: string[]) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const streams = { stdin: new PassThrough(), stdout, stderr }
  const code = await run(['check', ...directories], streams)
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
}

test('damage is named with file and byte and makes the exit code 1; nothing is changed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-check-'))
  try {
    const partition = join(directory, 'txn-0')
    mkdirSync(partition)
    const filter = (path: string): boolean => !path.endsWith('.txt')
    cpSync(GOLDEN, partition, { recursive: true, filter })
    writeFileSync(join(directory, '.kafka_cleanshutdown'), '')
    const sound = await check(directory)
    assert.deepEqual(sound, { code: 0, out: `${directory}: nothing is damaged\n`, err: '' })

    const log = join(partition, '00000000000000000003.log')
    const bytes = readFileSync(log)
    bytes[100] = (bytes[100] ?? 0) ^ 1
    writeFileSync(log, bytes)
    const damaged = await check(directory)
    assert.equal(damaged.code, 1)
    assert.match(
      damaged.out,
      /^damage  .*00003\.log at byte 78: .*; a start leaves it as it is, for the directory was left in order; a read of offset 4 is refused$/m,
    )
    assert.match(damaged.out, /damaged in /)
    assert.deepEqual(readFileSync(log), bytes)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a path that is no directory is refused', async () => {
  const answer = await check('/nonexistent')
  assert.deepEqual(answer, { code: 1, out: '', err: '/nonexistent is not a directory\n' })
})
