// The logins of ZooKeeper's commands: from the JAAS file that `KAFKA_OPTS` names.
import { readFileSync } from 'node:fs'
import { ConfigError } from '../config/config-error.ts'
import type { Credentials } from '../zookeeper/digest-md5.ts'
import { CLIENT_SECTION, clientLogin, serverUsers, type JaasFile } from '../zookeeper/jaas-login.ts'
import { UsageError } from './command.ts'
import { javaProperties } from './java-options.ts'

const FILE = 'java.security.auth.login.config'

/** Whom the shell shows; undefined: nobody. */
export function shellLogin(): Credentials | undefined {
  const java = javaProperties()
  const path = java.get(FILE)
  if (path === undefined || path === '' || java.get('zookeeper.sasl.client') === 'false') {
    return undefined
  }
  const section = java.get('zookeeper.sasl.clientconfig') ?? CLIENT_SECTION
  return reading(path, (file) => clientLogin(file, section))
}

/** The users of a server by that file. */
export function usersOf(path: string, section: string): ReturnType<typeof serverUsers> {
  return reading(path, (file) => serverUsers(file, section))
}

function reading<T>(path: string, use: (file: JaasFile) => T): T {
  try {
    return use({ path, text: readFileSync(path, 'utf8') })
  } catch (error) {
    const isExpected = error instanceof ConfigError || (error instanceof Error && 'code' in error)
    if (!isExpected) throw error
    throw new UsageError(`${FILE}: ${error.message}`, { cause: error })
  }
}
