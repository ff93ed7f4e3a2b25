// The network of a world: listeners, connections, and what breaks between machines.

import type {
  ConnectOptions,
  ListenOptions,
  Network,
  NetworkListener,
  Socket,
} from '../../platform/network.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Links } from './links.ts'
import { SimulatedSocket, socketError, type Address, type Packet } from './simulated-socket.ts'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1'])
const ANYWHERE = new Set(['', '0.0.0.0', '::'])
const FIRST_FREE_PORT = 32_768

interface OpenListener {
  readonly machine: string
  readonly port: number
  readonly onSocket: (socket: Socket) => void
}

interface Connection {
  readonly client: SimulatedSocket
  readonly server: SimulatedSocket
  readonly machines: readonly [client: string, server: string]
}

export class SimulatedNetwork {
  readonly links: Links
  readonly #listeners = new Map<string, OpenListener>()
  readonly #refusing = new Set<string>()
  readonly #machines = new Set<string>()
  /** Counts the lives of machines: what a process began ends with it. */
  readonly #lives = new Map<string, number>()
  #connections: Connection[] = []
  #nextPort = FIRST_FREE_PORT

  constructor(links: Links) {
    this.links = links
  }

  /** The network as the machine `name` sees it. Machines reach each other by their names. */
  seenFrom(name: string, clock: Clock): Network {
    this.#machines.add(name)
    this.links.turnOn(name)
    const life = this.#lives.get(name) ?? 0
    const isAlive = (): boolean => life === (this.#lives.get(name) ?? 0)
    return {
      listen: async (options, onSocket) => {
        if (!isAlive()) throw socketError('ECRASHED', 'the simulated process has ended')
        return this.#listen(name, options, onSocket)
      },
      connect: (options) => this.#connect(name, clock, options, isAlive),
    }
  }

  /** Connections to the machine are refused, though it listens. */
  refuse(machine: string): void {
    this.#refusing.add(machine)
  }

  accept(machine: string): void {
    this.#refusing.delete(machine)
  }

  /** Breaks every connection between two machines, at both ends. */
  reset(a: string, b: string): void {
    const error = socketError('ECONNRESET', 'the connection was reset')
    for (const connection of this.#open()) {
      const { machines, client, server } = connection
      if (!machines.includes(a) || !machines.includes(b)) continue
      client.fail(error)
      server.fail(error)
    }
  }

  /** The process of the machine is gone; its system resets the connections. */
  kill(machine: string): void {
    this.#forget(machine, 'reset')
  }

  /** The machine is gone without a word: its peers notice when they send, or never. */
  powerOff(machine: string): void {
    this.#forget(machine, undefined)
    this.links.turnOff(machine)
  }

  /** How many connections are open, to or from the machine when one is named. */
  connectionCount(machine?: string): number {
    const open = this.#open()
    if (machine === undefined) return open.length
    return open.filter(({ machines }) => machines.includes(machine)).length
  }

  #open(): Connection[] {
    this.#connections = this.#connections.filter(
      ({ client, server }) => !client.isClosed || !server.isClosed,
    )
    return this.#connections
  }

  #forget(machine: string, lastWord: 'reset' | undefined): void {
    this.#lives.set(machine, (this.#lives.get(machine) ?? 0) + 1)
    for (const [key, listener] of this.#listeners) {
      if (listener.machine === machine) this.#listeners.delete(key)
    }
    for (const { machines, client, server } of this.#open()) {
      const [clientMachine, serverMachine] = machines
      if (clientMachine === machine) client.vanish()
      if (serverMachine === machine) server.vanish()
      if (lastWord === undefined || clientMachine === serverMachine) continue
      if (clientMachine === machine) this.#tell(machines, server, lastWord)
      else if (serverMachine === machine) this.#tell([machine, clientMachine], client, lastWord)
    }
  }

  #tell([from, to]: readonly [string, string], target: SimulatedSocket, kind: 'reset'): void {
    this.links.carry(from, to, () => target.receive({ kind }))
  }

  #listen(
    machine: string,
    { host = '', port }: ListenOptions,
    onSocket: (socket: Socket) => void,
  ): NetworkListener {
    if (!ANYWHERE.has(host) && !LOOPBACK.has(host) && host !== machine) {
      throw socketError('EADDRNOTAVAIL', `${machine} does not have the address ${host}`)
    }
    const chosen = port === 0 ? this.#nextPort++ : port
    const key = `${machine}:${chosen}`
    if (this.#listeners.has(key)) throw socketError('EADDRINUSE', `${key} is in use`)
    const listener: OpenListener = { machine, port: chosen, onSocket }
    this.#listeners.set(key, listener)
    const close = async (): Promise<void> => {
      if (this.#listeners.get(key) === listener) this.#listeners.delete(key)
    }
    return { host: host === '' ? '0.0.0.0' : host, port: chosen, close }
  }

  #connect(
    machine: string,
    clock: Clock,
    options: ConnectOptions,
    isAlive: () => boolean,
  ): Promise<Socket> {
    const { host, port, timeoutMs } = options
    const target = LOOPBACK.has(host) || ANYWHERE.has(host) ? machine : host
    return new Promise((resolve, reject) => {
      let isWaiting = true
      const finish = (end: () => void): void => {
        isWaiting = false
        timeout.cancel()
        end()
      }
      const fail = (code: string): void =>
        finish(() => reject(socketError(code, `connect ${target}:${port}`)))
      const timeout = clock.setTimer(timeoutMs, () => fail('ETIMEDOUT'))
      const answer = (socket: Socket | undefined): void => {
        if (!isWaiting || !isAlive()) socket?.destroy()
        else if (socket === undefined) fail('ECONNREFUSED')
        else finish(() => resolve(socket))
      }
      if (!this.#machines.has(target)) return fail('ENOTFOUND')
      this.links.carry(machine, target, () => {
        if (isAlive()) this.#onConnect(machine, target, port, answer)
      })
    })
  }

  #onConnect(
    from: string,
    to: string,
    port: number,
    answer: (socket: Socket | undefined) => void,
  ): void {
    const listener = this.#listeners.get(`${to}:${port}`)
    if (listener === undefined || this.#refusing.has(to)) {
      this.links.carry(to, from, () => answer(undefined))
      return
    }
    const clientEnd: Address = { host: addressOf(from, to), port: this.#nextPort++ }
    const serverEnd: Address = { host: addressOf(to, from), port }
    const ends = (): readonly [SimulatedSocket, SimulatedSocket] => [client, server]
    const client = new SimulatedSocket(
      clientEnd,
      serverEnd,
      this.#carrier(from, to, () => ends()[1]),
    )
    const server = new SimulatedSocket(
      serverEnd,
      clientEnd,
      this.#carrier(to, from, () => ends()[0]),
    )
    client.join(server)
    server.join(client)
    this.#connections.push({ client, server, machines: [from, to] })
    this.links.carry(to, from, () => answer(client))
    listener.onSocket(server)
  }

  /** Keeps the order of packets although each takes its own time. */
  #carrier(from: string, to: string, target: () => SimulatedSocket): { send(p: Packet): void } {
    const onTheWay: { packet: Packet; hasArrived: boolean }[] = []
    const deliver = (): void => {
      while (onTheWay[0]?.hasArrived) {
        const first = onTheWay.shift()
        if (first !== undefined) target().receive(first.packet)
      }
    }
    const sendOne = (packet: Packet): void => {
      const entry = { packet, hasArrived: false }
      onTheWay.push(entry)
      this.links.carry(from, to, () => {
        entry.hasArrived = true
        deliver()
      })
    }
    return { send: (packet) => this.#split(packet).forEach(sendOne) }
  }

  #split(packet: Packet): Packet[] {
    if (packet.kind !== 'bytes' || !this.links.fragments) return [packet]
    const packets: Packet[] = []
    for (let position = 0; position < packet.bytes.length;) {
      const left = packet.bytes.length - position
      const length = this.links.random.between(1, left)
      packets.push({ kind: 'bytes', bytes: packet.bytes.subarray(position, position + length) })
      position += length
    }
    return packets
  }
}

/** What a peer sees as the address: the loopback one on the same machine, else the name. */
function addressOf(machine: string, peer: string): string {
  return machine === peer ? '127.0.0.1' : machine
}
