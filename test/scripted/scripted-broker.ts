// A broker that answers what a test tells it to, over the network of a world: for tests of clients.
import type { Api } from '../../src/codec/api.ts'
import { FrameReader } from '../../src/network/frame-reader.ts'
import type { NetworkListener, Socket } from '../../src/platform/network.ts'
import type { Platform } from '../../src/platform/platform.ts'
import { Errors } from '../../src/wire/errors.ts'
import { ApiVersions } from '../../src/wire/messages/18-api-versions.ts'
import { decodeRequestHeader, encodeResponse } from '../../src/wire/messages/headers.ts'

/** What came, oldest first. */
export interface ReceivedRequest {
  readonly name: string
  readonly version: number
  readonly clientId: string | null
  readonly body: unknown
}

/** Makes the frame of the answer; undefined: nothing is answered. */
type Answer = (
  version: number,
  correlationId: number,
  frame: Buffer,
  bodyPosition: number,
  close: () => void,
) => Promise<readonly Buffer[] | undefined>

type OfferedApi = Pick<Api, 'key' | 'minVersion' | 'maxVersion'>

const MAX_FRAME_BYTES = 100 * 1024 * 1024
const unlimited = { grow: () => true }

export class ScriptedBroker {
  readonly received: ReceivedRequest[] = []
  readonly sockets: Socket[] = []
  /** An ApiVersions above this is answered as an old broker does: in version 0 (KIP-511). */
  maxApiVersions = ApiVersions.maxVersion
  readonly #answers = new Map<number, { readonly api: OfferedApi; readonly answer: Answer }>()
  #listener: NetworkListener | undefined

  /** Lists the APIs that it has answers for, unless told otherwise. */
  constructor() {
    this.answer(ApiVersions, () => ({
      errorCode: 0,
      apiKeys: [...this.#answers.values()].map(({ api }) => ({
        apiKey: api.key,
        minVersion: api.minVersion,
        maxVersion: api.maxVersion,
      })),
    }))
  }

  async listen(platform: Pick<Platform, 'network'>, port: number): Promise<void> {
    const onSocket = (socket: Socket): void => this.#onSocket(socket)
    this.#listener = await platform.network.listen({ host: '', port }, onSocket)
  }

  /** Sets what is answered to an API; undefined for silence, `close` to hang up. */
  answer<Q, QI, S, SI>(
    api: Api<Q, QI, S, SI>,
    reply: (
      request: Q,
      version: number,
      close: () => void,
    ) => SI | undefined | Promise<SI | undefined>,
  ): void {
    const answer: Answer = async (version, correlationId, frame, bodyPosition, close) => {
      const body = api.request.decode(version, frame, bodyPosition)
      const { clientId } = decodeRequestHeader(frame)
      this.received.push({ name: api.name, version, clientId, body })
      const response = await reply(body, version, close)
      if (response === undefined) return undefined
      return encodeResponse(api, version, correlationId, response)
    }
    this.#answers.set(api.key, { api, answer })
  }

  /** How often an API was asked for. */
  count(name: string): number {
    return this.received.filter((request) => request.name === name).length
  }

  /** Closes every connection, as a broker that stops does. */
  drop(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy()
  }

  async close(): Promise<void> {
    this.drop()
    await this.#listener?.close()
  }

  #onSocket(socket: Socket): void {
    this.sockets.push(socket)
    const frames = new FrameReader(MAX_FRAME_BYTES, unlimited)
    // Like a broker, one request of a connection at a time, and replies in order.
    let tail = Promise.resolve()
    socket.listen({
      onData: (chunk) => {
        frames.push(chunk)
        for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
          const request = frame
          tail = tail.then(() => this.#onFrame(socket, request))
        }
      },
      onDrain: () => {},
      onClose: () => {},
    })
  }

  async #onFrame(socket: Socket, frame: Buffer): Promise<void> {
    const { apiKey, apiVersion, correlationId, bodyPosition } = decodeRequestHeader(frame)
    if (apiKey === ApiVersions.key && apiVersion > this.maxApiVersions) {
      const refusal = { errorCode: Errors.UNSUPPORTED_VERSION, apiKeys: [] }
      writeFrame(socket, encodeResponse(ApiVersions, 0, correlationId, refusal))
      return
    }
    const entry = this.#answers.get(apiKey)
    if (entry === undefined) return socket.destroy()
    const close = (): void => socket.destroy()
    const reply = await entry.answer(apiVersion, correlationId, frame, bodyPosition, close)
    if (reply !== undefined) writeFrame(socket, reply)
  }
}

function writeFrame(socket: Socket, segments: readonly Buffer[]): void {
  const size = Buffer.alloc(4)
  size.writeInt32BE(segments.reduce((bytes, segment) => bytes + segment.length, 0))
  socket.write([size, ...segments])
}
