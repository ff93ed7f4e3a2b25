// What a command of the shell is made of, and how refusals are worded.
import type { ZooKeeperClient } from './client.ts'
import { codeName, ZooKeeperCode } from './errors.ts'
import type { ZooKeeperError } from './errors.ts'
import { pathFault } from './paths.ts'
import { ShellUsageError } from './shell-line.ts'
import type { OptionLetters, ParsedLine } from './shell-line.ts'

/** What a line has brought, in the order in which it is printed. */
export class ShellOutput {
  readonly lines: { readonly isError: boolean; readonly text: string }[] = []
  /** What the process exits with when this was its last command. */
  exitCode = 0
  /** The command asks to leave the shell. */
  quit = false

  out(...texts: readonly string[]): void {
    for (const text of texts) this.lines.push({ isError: false, text })
  }

  err(...texts: readonly string[]): void {
    for (const text of texts) this.lines.push({ isError: true, text })
  }
}

export interface ShellCommand {
  readonly usage: string
  readonly options?: OptionLetters
  readonly minArguments: number
  readonly run: (client: ZooKeeperClient, line: ParsedLine, output: ShellOutput) => Promise<void>
}

/** How Java's client spells the codes that have no sentence of their own. */
const JAVA_NAMES: ReadonlyMap<number, string> = new Map([
  [ZooKeeperCode.UNIMPLEMENTED, 'Unimplemented'],
  [ZooKeeperCode.SESSIONEXPIRED, 'Session expired'],
  [ZooKeeperCode.CONNECTIONLOSS, 'ConnectionLoss'],
  [ZooKeeperCode.AUTHFAILED, 'AuthFailed'],
  [ZooKeeperCode.MARSHALLINGERROR, 'MarshallingError'],
  [ZooKeeperCode.SYSTEMERROR, 'SystemError'],
  [ZooKeeperCode.INVALIDACL, 'InvalidACL'],
  [ZooKeeperCode.NOAUTH, 'NoAuth'],
  [ZooKeeperCode.NONODE, 'NoNode'],
  [ZooKeeperCode.BADVERSION, 'BadVersion'],
  [ZooKeeperCode.NOWATCHER, 'No such watcher'],
  [ZooKeeperCode.RECONFIGDISABLED, 'Reconfig is disabled'],
  [ZooKeeperCode.QUOTAEXCEEDED, 'Quota has exceeded'],
  [
    ZooKeeperCode.SESSIONCLOSEDREQUIRESASLAUTH,
    'Session closed because client failed to authenticate',
  ],
])

/** As an exception of Java's client names it. */
export function exceptionText({ code, path }: ZooKeeperError): string {
  const where = path === undefined ? '' : ` for ${path}`
  return `KeeperErrorCode = ${JAVA_NAMES.get(code) ?? codeName(code)}${where}`
}

/** As the shell words it. */
export function describe(error: ZooKeeperError): string {
  const path = String(error.path ?? null)
  switch (error.code) {
    case ZooKeeperCode.NONODE:
      return `Node does not exist: ${path}`
    case ZooKeeperCode.NODEEXISTS:
      return `Node already exists: ${path}`
    case ZooKeeperCode.NOTEMPTY:
      return `Node not empty: ${path}`
    case ZooKeeperCode.NOCHILDRENFOREPHEMERALS:
      return `Ephemerals cannot have children: ${path}`
    case ZooKeeperCode.INVALIDACL:
      return `Acl is not valid : ${path}`
    case ZooKeeperCode.NOAUTH:
      return `Insufficient permission : ${path}`
    case ZooKeeperCode.BADARGUMENTS:
      return pathFault(path) ?? `Arguments are not valid : ${path}`
    case ZooKeeperCode.BADVERSION:
      return `version No is not valid : ${path}`
    case ZooKeeperCode.QUOTAEXCEEDED:
      return `Quota has exceeded : ${path}`
    default:
      return exceptionText(error)
  }
}

/** The line's first argument, which is there; refuses what with its suffix is no path. */
export function pathOf(line: ParsedLine, suffix = ''): string {
  const path = line.args[0] ?? ''
  const fault = pathFault(path + suffix)
  if (fault !== undefined) throw new ShellUsageError(fault)
  return path
}

export function versionOf(line: ParsedLine): number {
  const text = line.values.get('v')
  return text === undefined ? -1 : integerOf(text)
}

/** Refuses what is no whole number, in Java's words. */
export function integerOf(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new ShellUsageError(`For input string: "${text}"`)
  return Number(text)
}
