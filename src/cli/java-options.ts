// What Kafka's scripts hand to the JVM: `KAFKA_OPTS="-Djava.security.auth.login.config=FILE"`. Of
// these options only system properties mean something here.

/** The system properties of a line of JVM options; of a name that comes twice the last counts. */
export function systemProperties(options: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  for (const [word] of options.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    const plain = word.replaceAll(/["']/g, '')
    const match = /^-D([^=]+)=?(.*)$/s.exec(plain)
    if (match !== null) properties.set(match[1] ?? '', match[2] ?? '')
  }
  return properties
}

/** Those of this process, as `KAFKA_OPTS` has them. */
export function javaProperties(): ReadonlyMap<string, string> {
  return systemProperties(process.env['KAFKA_OPTS'] ?? '')
}

/** As settings of a broker. */
export function brokerProperties(java: ReadonlyMap<string, string>): Map<string, string> {
  const properties = new Map<string, string>()
  const file = java.get('java.security.auth.login.config')
  if (file !== undefined && file !== '') properties.set('ottla.jaas.file', file)
  const section = java.get('zookeeper.sasl.clientconfig')
  if (java.get('zookeeper.sasl.client') === 'false') {
    properties.set('ottla.zookeeper.jaas.section', '')
  } else if (section !== undefined) {
    properties.set('ottla.zookeeper.jaas.section', section)
  }
  return properties
}
