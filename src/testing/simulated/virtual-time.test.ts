// Virtual time: order of timers, progress of promises, and machines that end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../platform/clock.ts'
import { simulatedPlatform, SimulatedWorld } from './simulated-world.ts'

test('timers fire by due time, then in the order in which they were set', async () => {
  const { clock } = simulatedPlatform({ seed: 1 })
  const fired: string[] = []
  const note = (name: string) => () => fired.push(`${name}@${clock.monotonicMs()}`)
  clock.setTimer(20, note('c'))
  clock.setTimer(10, note('a'))
  clock.setTimer(10, note('b'))
  clock.setTimer(15, note('never')).cancel()
  clock.setTimer(10, () => clock.setTimer(5, note('nested')))
  await clock.advance(19)
  assert.deepEqual(fired, ['a@10', 'b@10', 'nested@15'])
  await clock.advance(1)
  assert.deepEqual(fired.slice(3), ['c@20'])
})

test('asynchronous code runs to its next wait before time goes on', async () => {
  const { clock } = simulatedPlatform({ seed: 1 })
  const times: number[] = []
  const loop = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn++) {
      await sleep(clock, 100)
      for (let step = 0; step < 50; step++) await Promise.resolve()
      await new Promise<void>((resolve) => clock.defer(resolve))
      times.push(clock.monotonicMs())
    }
  }
  const done = loop()
  await clock.advance(1000)
  assert.deepEqual(times, [100, 200, 300])
  await done
})

test('waiting for a condition takes the time it takes, and no longer than allowed', async () => {
  const { clock } = simulatedPlatform({ seed: 1 })
  let isDone = false
  clock.setTimer(300, () => {
    isDone = true
  })
  await clock.advanceUntil(() => isDone)
  assert.equal(clock.monotonicMs(), 300)
  await assert.rejects(
    clock.advanceUntil(() => false, 1000),
    /nothing came of it/,
  )
})

test('the wall clock can jump, the monotonic one cannot', async () => {
  const { clock } = simulatedPlatform({ seed: 1 })
  const before = clock.nowMs()
  clock.jump(-5000)
  await clock.advance(1)
  assert.equal(clock.nowMs(), before - 4999)
  assert.equal(clock.monotonicMs(), 1)
})

test('the timers of a killed process stay silent, those of others fire', async () => {
  const world = new SimulatedWorld({ seed: 1 })
  const fired: string[] = []
  for (const name of ['b1', 'b2']) {
    const { clock } = world.machine(name).platform
    clock.setTimer(10, () => fired.push(name))
    clock.defer(() => fired.push(`${name} deferred`))
  }
  world.machine('b1').kill()
  await world.time.advance(10)
  assert.deepEqual(fired, ['b2 deferred', 'b2'])
})

test('tasks get a copy of their input, and share what is made to be shared', async () => {
  const { worker } = simulatedPlatform({ seed: 1 })
  const shared = new Int32Array(new SharedArrayBuffer(4))
  const list = [1]
  const task = {
    name: 'change',
    run: (input: { list: number[]; shared: Int32Array }) => {
      input.shared[0] = input.list.push(2)
      return input.list
    },
  }
  assert.deepEqual(await worker.run(task, { list, shared }), [1, 2])
  assert.deepEqual([list, shared[0]], [[1], 2])
  const failing = { name: 'fail', run: () => Promise.reject(new RangeError('on purpose')) }
  await assert.rejects(worker.run(failing, 1), { name: 'RangeError', message: 'on purpose' })
})

test('what is tried again without a rest ends the test, not the patience of who waits', async () => {
  const world = new SimulatedWorld({ seed: 1 })
  const asking = world.machine('asking').platform
  const refusing = world.machine('refusing').platform
  await refusing.network.listen({ port: 1 }, (socket) => {
    const answer = (): void => void socket.write([Buffer.from('no')])
    socket.listen({ onData: answer, onDrain() {}, onClose() {} })
  })
  const socket = await asking.network.connect({ host: 'refusing', port: 1, timeoutMs: 1_000 })
  const ask = (): void => void socket.write([Buffer.from('again')])
  socket.listen({ onData: ask, onDrain() {}, onClose() {} })
  ask()
  await assert.rejects(world.time.advance(1), /time stands still at 0 ms/)
})
