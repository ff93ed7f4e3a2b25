// A socket that goes deaf and breaks when a test says so.
import type { Socket, SocketEvents } from '../../src/platform/network.ts'

/** A connection that can be lost between a request's arrival and its answer. */
export class FragileConnection {
  #socket: Socket | undefined
  #events: SocketEvents | undefined
  #answersLeft = Number.POSITIVE_INFINITY

  wrap(socket: Socket): Socket {
    this.#answersLeft = Number.POSITIVE_INFINITY
    this.#socket = socket
    const listen = (events: SocketEvents): void => {
      this.#events = events
      socket.listen({ ...methodsOf(events), onData: (chunk) => this.#onData(events, chunk) })
    }
    return new Proxy(socket, {
      get: (target, name) => {
        if (name === 'listen') return listen
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  #onData(events: SocketEvents, chunk: Buffer): void {
    if (this.#answersLeft <= 0) return
    this.#answersLeft -= 1
    events.onData(chunk)
  }

  /** Passes on this many answers more, and none after them. */
  deafenAfter(answers: number): void {
    this.#answersLeft = answers
  }

  /** Breaks it. Requests that have arrived are done all the same. */
  lose(): void {
    this.#socket?.destroy()
    this.#events?.onClose(new Error('the connection was lost'))
  }
}

function methodsOf(events: SocketEvents): SocketEvents {
  return {
    onData: (chunk) => events.onData(chunk),
    onDrain: () => events.onDrain(),
    onClose: (error) => events.onClose(error),
  }
}
