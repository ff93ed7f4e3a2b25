// The operating system's network: TCP, with TLS where it is asked for.
import type { Network } from '../network.ts'
import { connect, listen } from './tcp.ts'
import { connectEncrypted, listenEncrypted } from './tls.ts'

export const nodeNetwork: Network = {
  listen: (options, onSocket) =>
    options.tls === undefined
      ? listen(options, onSocket)
      : listenEncrypted(options, options.tls, onSocket),
  connect: (options) =>
    options.tls === undefined ? connect(options) : connectEncrypted(options, options.tls),
}
