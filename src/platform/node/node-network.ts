// The operating system's network: TCP, with TLS where it is asked for.
import type { Network } from '../network.ts'
import { connect, listen } from './tcp.ts'

/** With the first use: Node's TLS takes 5 MB of a process that may never need it. */
const encryption = () => import('./tls.ts')

export const nodeNetwork: Network = {
  listen: async (options, onSocket) => {
    if (options.tls === undefined) return listen(options, onSocket)
    const { listenEncrypted } = await encryption()
    return listenEncrypted(options, options.tls, onSocket)
  },
  connect: async (options) => {
    if (options.tls === undefined) return connect(options)
    const { connectEncrypted } = await encryption()
    return connectEncrypted(options, options.tls)
  },
}
