// meta.properties in the root of a log directory: which broker of which cluster owns it. Written
// as Java's Properties class writes it, so that Kafka and its tools read it.

export const NO_BROKER_ID = -1

export interface MetaProperties {
  /** NO_BROKER_ID when the file has none. */
  readonly brokerId: number
  readonly clusterId: string | undefined
}

/** Why a directory cannot be used. The message is one sentence for the operator. */
export class MetaPropertiesError extends Error {
  override readonly name = 'MetaPropertiesError'
}

/** `#\n#<date>\nbroker.id=…` */
export function formatMetaProperties(brokerId: number, clusterId: string, nowMs: number): string {
  const date = new Date(nowMs).toUTCString()
  const [weekday, day, month, year, time] = date.replace(',', '').split(' ')
  const stamp = `${weekday} ${month} ${day} ${time} UTC ${year}`
  return `#\n#${stamp}\nbroker.id=${brokerId}\nversion=0\ncluster.id=${clusterId}\n`
}

export function parseMetaProperties(text: string, path: string): MetaProperties {
  const values = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!\s=:][^=:\s]*)\s*[=:]\s*(.*?)\s*$/.exec(line)
    if (match !== null) values.set(match[1] ?? '', match[2] ?? '')
  }
  const version = values.get('version')
  if (version === '1') {
    throw new MetaPropertiesError(
      `${path} has version=1: the directory belongs to a broker in KRaft mode; name another ` +
        'directory in log.dirs',
    )
  }
  if (version !== '0') {
    throw new MetaPropertiesError(
      `${path} ${version === undefined ? 'has no version' : `has version=${version}`}; ` +
        'this broker reads version=0',
    )
  }
  const brokerId = values.get('broker.id')
  if (brokerId !== undefined && !/^-?\d{1,10}$/.test(brokerId)) {
    throw new MetaPropertiesError(`${path} has broker.id=${brokerId}, which is not a number`)
  }
  return {
    brokerId: brokerId === undefined ? NO_BROKER_ID : Number(brokerId),
    clusterId: values.get('cluster.id'),
  }
}
