// `ottla zookeeper FILE`, Kafka's zookeeper-server-start.sh: a ZooKeeper server in the foreground,
// with the settings of Apache ZooKeeper.
import { readFileSync } from 'node:fs'
import { arch, hostname, release, type, userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { readKeyStore, type KeyStore } from '../platform/key-store/key-store.ts'
import type { ListenOptions } from '../platform/network.ts'
import { nodePlatform } from '../platform/node/node-platform.ts'
import { startAdminServer } from '../console/admin-server.ts'
import type { HttpListener } from '../console/http-listener.ts'
import type { Logger } from '../telemetry/logger.ts'
import { commandNames } from '../zookeeper/admin-commands.ts'
import { lineLogger, LogLevels } from '../telemetry/line-logger.ts'
import { ZooKeeperServer } from '../zookeeper/server.ts'
import {
  readZooKeeperProperties,
  resolveDirectories,
  SettingError,
  type ReadSettings,
  type StoreFile,
} from '../zookeeper/zookeeper-properties.ts'
import { UsageError, type Command } from './command.ts'
import { usersOf } from './java-logins.ts'
import { javaProperties } from './java-options.ts'
import { isStartProblem } from './start-problem.ts'
import { readProperties } from './start-settings.ts'
import { untilStopped } from './stop-signals.ts'

const USAGE = 'ottla zookeeper zookeeper.properties [--override key=value]...\n'

export const zookeeperCommand: Command = {
  async run(args, streams) {
    const { file, overrides, help } = readArguments(args)
    if (help) {
      streams.stdout.write(USAGE)
      return 0
    }
    const { settings, secure, admin, withoutEffect, unknown } = withUsers(
      readSettings(file, overrides),
    )
    const logger = lineLogger({
      write: (line) => streams.stdout.write(`${line}\n`),
      nowMs: Date.now,
      format: 'line',
      levels: new LogLevels('INFO'),
      component: 'org.apache.zookeeper.server.ZooKeeperServer',
    })
    for (const key of withoutEffect) logger.warn(`The setting ${key} has no effect here.`)
    for (const key of unknown) logger.warn(`The setting ${key} is not known; it is ignored.`)
    const platform = nodePlatform()
    const listeners = [...(settings.listeners ?? []), ...secureListener(secure)]
    await using server = await startServer({
      ...settings,
      listeners,
      platform,
      logger,
      initialConfiguration: withoutSecrets(readFileSync(file, 'latin1')),
      environment: environment(),
    })
    await using adminServer = await startAdmin(admin, server, logger)
    if (adminServer !== undefined) logger.info(`Admin commands at port ${adminServer.port}`)
    const host = listeners[0]?.host ?? '0.0.0.0'
    logger.info(
      `ZooKeeper answers at ${host}:${server.ports.join(',')}, data in ${settings.directory}`,
    )
    await untilStopped()
    logger.info('Stopping.')
    return 0
  },
}

/** Anybody may ask the admin server for the file. */
function withoutSecrets(text: string): string {
  return text.replaceAll(/^([^#\n]*(?:password|digest)[^=:\n]*[=:]).*$/gim, '$1[hidden]')
}

/** What of Java's properties exists here too. */
function environment(): ReadonlyMap<string, string> {
  const { username, homedir } = userInfo()
  return new Map([
    ['host.name', hostname()],
    ['node.version', process.versions.node],
    ['os.name', type()],
    ['os.arch', arch()],
    ['os.version', release()],
    ['user.name', username],
    ['user.home', homedir],
    ['user.dir', process.cwd()],
    ...javaProperties(),
  ])
}

function readArguments(args: readonly string[]): {
  file: string
  overrides: readonly string[]
  help: boolean
} {
  let parsed
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        override: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
  const [file, ...surplus] = parsed.positionals
  const { override: overrides, help } = parsed.values
  if (help) return { file: '', overrides, help }
  if (file === undefined || surplus.length > 0) throw new UsageError(`USAGE: ${USAGE}`)
  return { file, overrides, help }
}

function readSettings(file: string, overrides: readonly string[]): ReadSettings {
  const java = [...javaProperties()].filter(([name]) =>
    /^(zookeeper|java\.security|jute)\./.test(name),
  )
  const properties = new Map([...java, ...readProperties(file)])
  for (const override of overrides) {
    const equals = override.indexOf('=')
    if (equals < 1) throw new UsageError(`--override takes key=value, not ${override}`)
    properties.set(override.slice(0, equals).trim(), override.slice(equals + 1).trim())
  }
  try {
    const read = readZooKeeperProperties(properties)
    return { ...read, settings: resolveDirectories(read.settings, process.cwd()) }
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    throw new UsageError(`${file}: ${error.message}`)
  }
}

/** With the users of SASL, which a file of their own names. */
function withUsers(read: ReadSettings): ReadSettings {
  if (read.login === undefined) return read
  const saslUsers = usersOf(read.login.file, read.login.section)
  return { ...read, settings: { ...read.settings, users: { ...read.settings.users, saslUsers } } }
}

/** A taken port is no reason not to start: the usual one is that of many other servers. */
async function startAdmin(
  admin: ReadSettings['admin'],
  server: ZooKeeperServer,
  logger: Logger,
): Promise<HttpListener | undefined> {
  if (admin === undefined) return undefined
  try {
    return await startAdminServer(admin, {
      path: admin.path,
      commands: commandNames(),
      answer: (command) => server.answerCommand(command),
    })
  } catch (error) {
    if (!isStartProblem(error)) throw error
    logger.warn(`No admin server: ${error.message}; see admin.serverPort and admin.enableServer.`)
    return undefined
  }
}

/** None, or the one that speaks TLS. */
function secureListener(secure: ReadSettings['secure']): ListenOptions[] {
  if (secure === undefined) return []
  const { host, port, clientCertificate, protocols, cipherSuites } = secure
  try {
    const own = readStore(secure.keyStore)
    const trusted = secure.trustStore === undefined ? undefined : readStore(secure.trustStore)
    const tls = {
      certificates: own.certificates.join(''),
      privateKey: own.privateKey,
      trusted: trusted?.certificates,
      clientCertificate,
      protocols,
      cipherSuites,
    }
    return [{ host, port, tls }]
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`secureClientPort: ${reason}`, { cause: error })
  }
}

function readStore({ path, password, passwordPath }: StoreFile): KeyStore {
  const secret = passwordPath === undefined ? password : readFileSync(passwordPath, 'utf8').trim()
  return readKeyStore(path, readFileSync(path), secret)
}

type Options = Parameters<typeof ZooKeeperServer.start>[0]

async function startServer(options: Options): Promise<ZooKeeperServer & AsyncDisposable> {
  try {
    const server = await ZooKeeperServer.start(options)
    return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() })
  } catch (error) {
    const isExpected =
      isStartProblem(error) || (error instanceof Error && error.name === 'DirectoryError')
    if (!isExpected || !(error instanceof Error)) throw error
    throw new UsageError(`Cannot start: ${error.message}`, { cause: error })
  }
}
