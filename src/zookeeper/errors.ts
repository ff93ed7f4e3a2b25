// ZooKeeper's error codes and the exception that carries one. A server reply's code is always one
// of these, or is passed on as UNKNOWN with its number.

/** ZooKeeper's codes by name (`org.apache.zookeeper.KeeperException.Code` of 3.8). */
export const ZooKeeperCode = {
  OK: 0,
  SYSTEMERROR: -1,
  RUNTIMEINCONSISTENCY: -2,
  DATAINCONSISTENCY: -3,
  CONNECTIONLOSS: -4,
  MARSHALLINGERROR: -5,
  UNIMPLEMENTED: -6,
  OPERATIONTIMEOUT: -7,
  BADARGUMENTS: -8,
  NEWCONFIGNOQUORUM: -13,
  RECONFIGINPROGRESS: -14,
  UNKNOWNSESSION: -15,
  APIERROR: -100,
  NONODE: -101,
  NOAUTH: -102,
  BADVERSION: -103,
  NOCHILDRENFOREPHEMERALS: -108,
  NODEEXISTS: -110,
  NOTEMPTY: -111,
  SESSIONEXPIRED: -112,
  INVALIDCALLBACK: -113,
  INVALIDACL: -114,
  AUTHFAILED: -115,
  SESSIONMOVED: -118,
  NOTREADONLY: -119,
  EPHEMERALONLOCALSESSION: -120,
  NOWATCHER: -121,
  REQUESTTIMEOUT: -122,
  RECONFIGDISABLED: -123,
  SESSIONCLOSEDREQUIRESASLAUTH: -124,
  QUOTAEXCEEDED: -125,
  THROTTLEDOP: -127,
} as const

export type ZooKeeperCodeName = keyof typeof ZooKeeperCode | 'UNKNOWN'

const names = new Map<number, ZooKeeperCodeName>()
function isCodeName(name: string): name is keyof typeof ZooKeeperCode {
  return name in ZooKeeperCode
}
for (const [name, code] of Object.entries(ZooKeeperCode)) {
  if (isCodeName(name)) names.set(code, name)
}

/** The name of a code, UNKNOWN when ZooKeeper 3.8 has none of that number. */
export function codeName(code: number): ZooKeeperCodeName {
  return names.get(code) ?? 'UNKNOWN'
}

/** A refused or lost operation. */
export class ZooKeeperError extends Error {
  readonly code: number
  readonly path: string | undefined

  constructor(code: number, path?: string, detail?: string, cause?: string) {
    const where = path === undefined ? '' : ` for ${path}`
    const why = cause === undefined ? '' : ` (${cause})`
    super(`${codeName(code)}${where}${detail === undefined ? '' : `: ${detail}`}${why}`, { cause })
    this.name = codeName(code)
    this.code = code
    this.path = path
  }
}
