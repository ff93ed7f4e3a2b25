// Requests of any shape, whole and broken: they cost their connection at most, and what they did is
// still there after a restart.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../telemetry/logger.ts'
import { Seeded } from '../testing/simulated/seeded.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import { JuteWriter } from './jute.ts'
import { OpCode } from './protocol.ts'
import { ZooKeeperServer } from './server.ts'

const OP_CODES: readonly number[] = Object.values(OpCode)
const PATHS = ['/', '/a', '/a/b', '/a/b/c', '/zookeeper', '/a/', '//', '', 'x', '/\0', '/é/😀']

function randomBody(random: Seeded): JuteWriter {
  const writer = new JuteWriter()
  const pick = (): string => PATHS[random.between(0, PATHS.length - 1)] ?? '/'
  for (let parts = random.between(0, 6); parts > 0; parts--) {
    const kind = random.between(0, 7)
    if (kind === 0) writer.string(pick())
    else if (kind === 1) writer.bytes(random.bytes(random.between(0, 20)))
    else if (kind === 2) writer.int32(random.between(-2, 6))
    else if (kind === 3) writer.bool(random.chance(0.5))
    else if (kind === 4) writer.int32(1).int32(31).string('world').string('anyone')
    else if (kind === 5) writer.strings([pick(), pick()])
    else if (kind === 6)
      writer
        .string(pick())
        .bytes(null)
        .int32(1)
        .int32(31)
        .string('world')
        .string('anyone')
        .int32(random.between(0, 7))
    else
      writer
        .int32(OP_CODES[random.between(0, OP_CODES.length - 1)] ?? 0)
        .bool(false)
        .int32(-1)
  }
  return writer
}

function randomRequest(random: Seeded): Buffer {
  const opCode = OP_CODES[random.between(0, OP_CODES.length - 1)] ?? 0
  const body = randomBody(random).finish()
  if (random.chance(0.05)) body.fill(0xff, random.between(0, body.length))
  const header = new JuteWriter()
    .int32(8 + body.length)
    .int32(random.between(-9, 99))
    .int32(opCode)
  return Buffer.concat([header.finish(), body])
}

test('any bytes cost their connection at most', async () => {
  const world = new SimulatedWorld({ seed: 11 })
  const random = new Seeded(5)
  const machine = world.machine('zk')
  const start = (): Promise<ZooKeeperServer> =>
    ZooKeeperServer.start({
      platform: machine.platform,
      logger: silentLogger,
      directory: '/zk',
      preAllocateBytes: 4096,
      snapCount: 50,
      extendedTypes: true,
    })
  let server = await start()
  let answered = 0
  for (let round = 0; round < 300; round++) {
    const socket = await server.connectInProcess()
    socket.listen({
      onData: () => {
        answered++
      },
      onDrain: () => undefined,
      onClose: () => undefined,
    })
    const connect = new JuteWriter().int32(45).int32(0).long(0).int32(6000).int64(0n)
    socket.write([connect.bytes(Buffer.alloc(16)).bool(false).finish()])
    if (random.chance(0.1)) socket.write([random.bytes(random.between(1, 50))])
    for (let count = 0; count < 10; count++) socket.write([randomRequest(random)])
    await machine.platform.clock.settle()
    socket.destroy()
    if (round % 60 === 59) {
      const { lastZxid } = server
      await server.close()
      machine.kill()
      server = await start()
      assert.equal(server.lastZxid, lastZxid)
    }
  }
  assert.ok(answered > 300)
})
