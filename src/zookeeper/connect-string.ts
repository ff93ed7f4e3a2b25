// `host1:2181,host2:2181/chroot`: the hosts of an ensemble and the node that stands for the root.
import { pathFault } from './paths.ts'

export interface HostPort {
  readonly host: string
  readonly port: number
}

export interface ConnectTarget {
  readonly hosts: readonly HostPort[]
  /** Empty when there is none; never ends with a slash. */
  readonly chroot: string
}

const DEFAULT_PORT = 2181

/** Throws an Error that names what is wrong with the text. */
export function parseConnectString(text: string): ConnectTarget {
  const slash = text.indexOf('/')
  const hostList = slash < 0 ? text : text.slice(0, slash)
  const chroot = slash < 0 ? '' : text.slice(slash)
  const hosts = hostList
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '')
    .map((host) => parseHost(host, text))
  if (hosts.length === 0) throw new Error(`No host in the ZooKeeper connect string '${text}'`)
  if (chroot === '' || chroot === '/') return { hosts, chroot: '' }
  const fault = pathFault(chroot)
  if (fault !== undefined) throw new Error(`Bad chroot in the connect string '${text}': ${fault}`)
  return { hosts, chroot }
}

function parseHost(text: string, whole: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3])
  if (host === undefined || port < 1 || port > 65535) {
    throw new Error(`Bad host '${text}' in the ZooKeeper connect string '${whole}'`)
  }
  return { host, port }
}

/** In an order of their own for each client, so that members of an ensemble share the load. */
export function shuffled(hosts: readonly HostPort[], random: () => number): HostPort[] {
  const order = hosts.map((host) => ({ host, rank: random() }))
  return order.sort((left, right) => left.rank - right.rank).map(({ host }) => host)
}
