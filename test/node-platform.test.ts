// The platform of a real process: files, locks, sockets, timers and threads of this machine.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sleep } from '../src/platform/clock.ts'
import type { Socket } from '../src/platform/network.ts'
import { nodePlatform } from '../src/platform/node/node-platform.ts'
import { WorkerLost } from '../src/platform/worker.ts'

const fixture = (name: string): URL => new URL(`./fixtures/platform/${name}`, import.meta.url)
const directory = mkdtempSync(join(tmpdir(), 'ottla-platform-'))
const { clock, disk, network, random, worker } = nodePlatform({
  worker: { entry: fixture('worker.ts'), maxThreads: 2, idleMs: 200, maxQueued: 3 },
})
after(async () => {
  await worker.close()
  rmSync(directory, { recursive: true })
})

test('what is written in any way is read back in any way', async () => {
  const path = join(directory, 'file')
  const file = await disk.open(path, 'create')
  file.writeSync(Buffer.from('0123456789'), 0)
  const many = Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index},`))
  await file.writev(many, 10)
  await file.sync()
  const expected = `0123456789${many.join('')}`
  assert.equal(file.sizeSync(), expected.length)
  const target = Buffer.alloc(expected.length + 5, '#')
  assert.equal(await file.read(target, 2, target.length - 2, 0), expected.length)
  assert.equal(target.toString('latin1'), `##${expected}###`)
  assert.equal(file.readSync(target, 0, 4, expected.length - 2), 2)
  file.truncateSync(3)
  file.closeSync()
  assert.equal(disk.readFileSync(path).toString(), '012')
})

test('names: make, list, rename, remove, and the code of what is not there', async () => {
  const deep = join(directory, 'a', 'b')
  disk.makeDirectorySync(deep)
  disk.makeDirectorySync(deep)
  disk.openSync(join(deep, 'f'), 'create').closeSync()
  await disk.rename(join(deep, 'f'), join(deep, 'g'))
  await disk.syncDirectory(deep)
  assert.deepEqual(disk.listSync(deep), [{ name: 'g', kind: 'file' }])
  assert.equal(disk.statSync(deep)?.kind, 'directory')
  await disk.remove(join(deep, 'g'))
  await disk.removeTree(join(directory, 'a'))
  await disk.removeTree(join(directory, 'a'))
  assert.equal(disk.statSync(deep), undefined)
  assert.throws(() => disk.openSync(deep, 'write'), { code: 'ENOENT' })
  await assert.rejects(disk.open(deep, 'read'), { code: 'ENOENT' })
})

test('a lock excludes this process and others, and dies with a killed one', async () => {
  const path = join(directory, '.lock')
  const holder = spawn(process.execPath, [fixture('hold-lock.ts').pathname, path])
  await once(holder.stdout, 'data')
  await assert.rejects(disk.lock(path), { code: 'ELOCKED' })
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const lock = await disk.lock(path)
  await assert.rejects(disk.lock(path), { code: 'ELOCKED' })
  assert.equal(statSync(path).size, 0)
  assert.ok(!existsSync(`${path}-journal`))
  await lock.release()
  await lock.release()
  await (await disk.lock(path)).release()
})

const hasPython = spawnSync('python3', ['-c', 'import fcntl']).status === 0

test('the lock is one that a JVM sees', { skip: !hasPython && 'no python3' }, async () => {
  // Java's FileChannel.tryLock is fcntl over all bytes; python's lockf is the same call.
  const path = join(directory, '.lock')
  const code =
    'import fcntl,sys; fcntl.lockf(open(sys.argv[1],"r+b"), fcntl.LOCK_EX | fcntl.LOCK_NB)'
  const tryLock = (): number | null => spawnSync('python3', ['-c', code, path]).status
  const lock = await disk.lock(path)
  assert.equal(tryLock(), 1)
  await lock.release()
  assert.equal(tryLock(), 0)
})

function received(socket: Socket): { text: string; closed: Promise<Error | undefined> } {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  const result = { text: '', closed: promise }
  const onData = (chunk: Buffer): void => {
    result.text += chunk.toString('latin1')
  }
  socket.listen({ onData, onDrain() {}, onClose: resolve })
  return result
}

test('bytes go both ways, in order, and both ends learn of the end', async () => {
  const accepted = Promise.withResolvers<Socket>()
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, accepted.resolve)
  const client = await network.connect({ host: '127.0.0.1', port: listener.port, timeoutMs: 1000 })
  const server = await accepted.promise
  assert.equal(server.remoteAddress, '127.0.0.1')
  assert.equal(server.remotePort, client.localPort)
  client.write([Buffer.from('ab'), Buffer.alloc(0), Buffer.from('cd')])
  server.write([Buffer.from('x')])
  await sleep(clock, 20)
  // What came before somebody listens has waited.
  const atServer = received(server)
  const atClient = received(client)
  client.write([Buffer.from('e')])
  client.end()
  assert.equal(await atServer.closed, undefined)
  assert.equal(await atClient.closed, undefined)
  assert.deepEqual([atServer.text, atClient.text], ['abcde', 'x'])
  await assert.rejects(
    network.listen({ host: '127.0.0.1', port: listener.port }, () => {}),
    {
      code: 'EADDRINUSE',
    },
  )
  await listener.close()
  const again = network.connect({ host: '127.0.0.1', port: listener.port, timeoutMs: 1000 })
  await assert.rejects(again, { code: 'ECONNREFUSED' })
})

test('a paused reader holds the writer back', async () => {
  const accepted = Promise.withResolvers<Socket>()
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, accepted.resolve)
  const client = await network.connect({ host: '127.0.0.1', port: listener.port, timeoutMs: 1000 })
  const server = await accepted.promise
  const drained = Promise.withResolvers<void>()
  client.listen({ onData() {}, onDrain: drained.resolve, onClose() {} })
  const atServer = received(server)
  server.pause()
  const chunk = Buffer.alloc(1 << 20, 'x')
  let sent = 0
  while (client.write([chunk]) || sent < 16) sent++
  await sleep(clock, 20)
  assert.equal(atServer.text.length, 0)
  assert.ok(client.bufferedBytes > 0)
  server.resume()
  await drained.promise
  client.end()
  await atServer.closed
  assert.equal(atServer.text.length, (sent + 1) << 20)
  await listener.close()
})

test('timers are not early, can be cancelled, and may be longer than Node allows', async () => {
  const before = clock.monotonicMs()
  let fired = 0
  const cancelled = clock.setTimer(1, () => fired++)
  const distant = clock.setTimer(2 ** 40, () => fired++)
  cancelled.cancel()
  await sleep(clock, 15)
  assert.ok(clock.monotonicMs() - before >= 15)
  assert.equal(fired, 0)
  distant.cancel()
  await new Promise<void>((resolve) => clock.defer(resolve))
})

/** A task that only the thread knows. */
const named = (name: string) => ({ name, run: (input: unknown): unknown => input })

test('tasks run in threads, fail alone, and are limited', async () => {
  assert.equal(await worker.run(named('double'), 21), 42)
  await assert.rejects(worker.run(named('fail'), 1), { name: 'RangeError', message: 'on purpose' })
  await assert.rejects(worker.run(named('nothing'), 1), /no task has the name nothing/)
  await assert.rejects(worker.run(named('disk full'), 1), { message: 'full', code: 'ENOSPC' })
  await assert.rejects(worker.run(named('exit'), 1), WorkerLost)
  await assert.rejects(worker.run(named('die'), 1), WorkerLost)
  const buffer = new ArrayBuffer(1000)
  assert.equal(await worker.run(named('size'), buffer, [buffer]), 1000)
  assert.equal(buffer.byteLength, 0)
  const flood = Array.from({ length: 8 }, (_, index) => worker.run(named('double'), index))
  const outcomes = await Promise.allSettled(flood)
  const refused = outcomes.filter(({ status }) => status === 'rejected').length
  assert.equal(refused, 3)
  // After idleMs the threads are gone, and the next task starts one again.
  await sleep(clock, 300)
  assert.equal(await worker.run(named('double'), 1), 2)
})

test('randomness is of the asked size and not the same twice', () => {
  assert.equal(random.bytes(20).length, 20)
  const drawn = new Set(Array.from({ length: 200 }, () => random.uint32()))
  assert.ok(drawn.size > 195)
})
