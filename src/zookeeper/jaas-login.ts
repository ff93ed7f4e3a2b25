// What a JAAS file tells of ZooKeeper's users: whom a client is, and whom a server knows. Passwords
// by DIGEST-MD5 only; Kerberos is refused in words.
import { ConfigError } from '../config/config-error.ts'
import { parseJaas } from '../config/jaas.ts'
import type { JaasEntry } from '../config/jaas.ts'
import type { Credentials } from './digest-md5.ts'

export interface JaasFile {
  readonly path: string
  readonly text: string
}

export const CLIENT_SECTION = 'Client'
export const SERVER_SECTION = 'Server'

/** Undefined when the file has no such section, as Kafka takes it: nobody in particular. */
export function clientLogin(file: JaasFile, section: string): Credentials | undefined {
  const entry = onlyEntry(file, section)
  if (entry === undefined) return undefined
  const username = entry.options.get('username')
  const password = entry.options.get('password')
  if (username === undefined || password === undefined) {
    throw new ConfigError(
      `${file.path}: the section ${section} needs username="…" and password="…"`,
    )
  }
  return { username, password }
}

/** Passwords by user name (`user_NAME="password"`); undefined when the file has no such section. */
export function serverUsers(
  file: JaasFile,
  section: string,
): ReadonlyMap<string, string> | undefined {
  const entry = onlyEntry(file, section)
  if (entry === undefined) return undefined
  const users = [...entry.options].filter(([name]) => name.startsWith('user_'))
  return new Map(users.map(([name, password]) => [name.slice('user_'.length), password]))
}

function onlyEntry(file: JaasFile, section: string): JaasEntry | undefined {
  const entry = parseJaas(file.text, file.path).get(section)?.[0]
  if (entry === undefined) return undefined
  if (entry.module.endsWith('.Krb5LoginModule')) {
    throw new ConfigError(
      `${file.path}: the section ${section} asks for Kerberos (GSSAPI), which is not there; use ` +
        'org.apache.zookeeper.server.auth.DigestLoginModule with passwords, or TLS',
    )
  }
  return entry
}
