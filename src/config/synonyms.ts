// Settings of a broker that stand for one another, the one that counts first.

const FAMILIES: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
]

const LISTENER_OVERRIDE = /^listener\.name\.[^.]{1,255}\.(.{1,1000})$/
/** These may also carry the name of a mechanism: listener.name.x.scram-sha-256.sasl.jaas.config. */
const BY_MECHANISM = [
  'sasl.jaas.config',
  'sasl.login.callback.handler.class',
  'sasl.login.class',
  'sasl.server.callback.handler.class',
  'connections.max.reauth.ms',
]

/** The setting itself and those that count when it is not set. */
export function synonymsOf(name: string): readonly string[] {
  if (name === 'log.flush.interval.ms') return [name, 'log.flush.scheduler.interval.ms']
  const base = baseName(name)
  if (base !== name) return [name, base]
  return FAMILIES.find((family) => family.includes(name)) ?? [name]
}

/** The setting that `listener.name.<listener>.<setting>` overrides; other names as they are. */
export function baseName(name: string): string {
  const base = LISTENER_OVERRIDE.exec(name)?.[1]
  if (base === undefined) return name
  return BY_MECHANISM.find((setting) => base.endsWith(`.${setting}`)) ?? base
}
