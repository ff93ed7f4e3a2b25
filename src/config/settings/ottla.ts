// What this broker has beyond Kafka. Names begin with `ottla.`, so that no setting of Kafka's is hidden.
import { boolean, list, password, string } from '../setting.ts'

export const ottlaSettings = {
  'ottla.http.listeners': list({
    default: '127.0.0.1:8080',
    doc: 'Where the web console and metrics are served: host:port, separated by commas. Empty for nowhere.',
  }),
  'ottla.zookeeper.listeners': list({
    default: '127.0.0.1:2181',
    doc: 'Where the embedded ZooKeeper listens when zookeeper.connect is not set. Empty for this process only.',
  }),
  'ottla.zookeeper.data.dir': string({
    default: null,
    doc: 'Directory of the embedded ZooKeeper; beside the first log directory when not set.',
  }),
  'ottla.zookeeper.auth': password({
    default: null,
    doc: 'Digest user:password by which ZooKeeper knows the broker, where neither SASL nor TLS tells it.',
  }),
  'ottla.jaas.file': string({
    default: null,
    doc: 'JAAS file: whom ZooKeeper knows the broker by (Client), and users of the embedded one (Server).',
  }),
  'ottla.zookeeper.jaas.section': string({
    default: 'Client',
    doc: 'Section of the JAAS file by which ZooKeeper knows the broker. Empty for none.',
  }),
  'ottla.topic.name.templates': list({
    default: '',
    doc: 'Patterns that names of new topics must follow, such as <env>.<team>.<app>.<type>. Empty allows all.',
  }),
  'ottla.fast.failover.enable': boolean({
    default: true,
    update: 'cluster-wide',
    doc: 'Whether the controller acts on a lost connection to a broker before its session expires.',
  }),
}

/** Settings of which only the first part of the name is fixed. */
export const ottlaPrefixes = ['ottla.topic.name.fields.'] as const
