// A way between processes that a test can cut: a port that passes on to another one. Cut, it is as a
// cable that is out: nothing arrives any more, nothing is refused, nobody is told.
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Gate {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** From a port of its own to `target`. */
  static async open(target: number): Promise<Gate> {
    const server = createServer({ allowHalfOpen: true })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    const gate = new Gate(server, typeof address === 'object' ? (address?.port ?? 0) : 0)
    server.on('connection', (inner) => gate.#join(inner, target))
    return gate
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** What was held back arrives now. */
  heal(): void {
    this.#isCut = false
    for (const socket of this.#sockets) socket.resume()
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #join(near: Socket, target: number): void {
    // As a listener does whose process is gone: whoever comes is turned away at once.
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    this.#pass(near, far)
    this.#pass(far, near)
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.on('data', (chunk) => void to.write(chunk))
    from.on('end', () => void to.end())
    from.on('error', () => void to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    if (this.#isCut) from.pause()
  }
}
