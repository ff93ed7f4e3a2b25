// SASL's DIGEST-MD5 (RFC 2831) as ZooKeeper uses it: the server challenges, the client answers, the
// server proves that it knew the password too. Both ends are machines from one message to the next.
import { createHash, timingSafeEqual } from 'node:crypto'

const SERVER_NAME = 'zk-sasl-md5'
const DIGEST_URI = `zookeeper/${SERVER_NAME}`
const NONCE_COUNT = '00000001'
const MAX_MESSAGE_BYTES = 4096

/** The exchange failed; the message never holds a secret. */
export class SaslError extends Error {
  override readonly name = 'SaslError'
}

export interface Credentials {
  readonly username: string
  readonly password: string
}

interface Exchange extends Credentials {
  readonly realm: string
  readonly nonce: string
  readonly cnonce: string
  readonly digestUri: string
  /** What the client acts as; it must be itself. */
  readonly authzid?: string | undefined
}

/** `prefix`: AUTHENTICATE of the client's answer, nothing of the server's. */
function proof(exchange: Exchange, prefix: '' | 'AUTHENTICATE'): string {
  const { username, realm, password, nonce, cnonce, digestUri, authzid } = exchange
  const secret = md5(encode(`${username}:${realm}:${password}`))
  const tail = authzid === undefined ? '' : `:${authzid}`
  const session = md5(Buffer.concat([secret, Buffer.from(`:${nonce}:${cnonce}${tail}`)]))
  const request = md5(Buffer.from(`${prefix}:${digestUri}`)).toString('hex')
  const text = `${session.toString('hex')}:${nonce}:${NONCE_COUNT}:${cnonce}:auth:${request}`
  return md5(Buffer.from(text)).toString('hex')
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest()
}

/** One byte per character where that is possible, else UTF-8 (RFC 2831, 2.1.2.1). */
function encode(text: string): Buffer {
  return Buffer.from(text, /^[\0-\u{ff}]*$/u.test(text) ? 'latin1' : 'utf8')
}

function same(left: string, right: string): boolean {
  const [a, b] = [md5(Buffer.from(left)), md5(Buffer.from(right))]
  return timingSafeEqual(a, b)
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`
}

/** `name="value",name=value`; of a name that comes twice the first counts. */
function parseDirectives(message: Buffer): ReadonlyMap<string, string> {
  if (message.length > MAX_MESSAGE_BYTES) throw new SaslError('the message is too long')
  const text = message.toString('utf8')
  const directives = new Map<string, string>()
  const pattern = /[\s,]*([A-Za-z0-9-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?=,|$)/gy
  let end = 0
  for (const match of text.matchAll(pattern)) {
    const [whole, name = '', quoted, plain = ''] = match
    end = match.index + whole.length
    if (directives.has(name.toLowerCase())) continue
    directives.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? plain)
  }
  if (/[^\s,]/.test(text.slice(end))) throw new SaslError('the message is malformed')
  return directives
}

function need(directives: ReadonlyMap<string, string>, name: string): string {
  const value = directives.get(name)
  if (value === undefined) throw new SaslError(`the message has no ${name}`)
  return value
}

/** The client's end. `cnonce`: unpredictable text of its own. */
export class DigestClient {
  readonly #credentials: Credentials
  readonly #cnonce: string
  #exchange: Exchange | undefined
  #isComplete = false

  constructor(credentials: Credentials, cnonce: string) {
    this.#credentials = credentials
    this.#cnonce = cnonce
  }

  get isComplete(): boolean {
    return this.#isComplete
  }

  /** What is sent back; undefined once the server has proved who it is. */
  next(message: Buffer): Buffer | undefined {
    const directives = parseDirectives(message)
    if (this.#exchange !== undefined) return this.#finish(this.#exchange, directives)
    const qop = directives.get('qop')
    if (qop !== undefined && !qop.split(',').some((one) => one.trim() === 'auth')) {
      throw new SaslError(`the server wants the protection ${qop}, which is not there`)
    }
    const exchange: Exchange = {
      ...this.#credentials,
      realm: directives.get('realm') ?? SERVER_NAME,
      nonce: need(directives, 'nonce'),
      cnonce: this.#cnonce,
      digestUri: DIGEST_URI,
    }
    this.#exchange = exchange
    return Buffer.from(answerText(exchange))
  }

  #finish(exchange: Exchange, directives: ReadonlyMap<string, string>): undefined {
    if (!same(need(directives, 'rspauth'), proof(exchange, ''))) {
      throw new SaslError('the server does not know the password')
    }
    this.#isComplete = true
    return undefined
  }
}

function answerText(exchange: Exchange): string {
  const { username, realm, nonce, cnonce, digestUri } = exchange
  return [
    'charset=utf-8',
    `username=${quote(username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `nc=${NONCE_COUNT}`,
    `cnonce=${quote(cnonce)}`,
    `digest-uri=${quote(digestUri)}`,
    'maxbuf=65536',
    `response=${proof(exchange, 'AUTHENTICATE')}`,
    'qop=auth',
  ].join(',')
}

/** The server's end, for one attempt. `nonce`: unpredictable text that is used once. */
export class DigestServer {
  readonly #passwords: ReadonlyMap<string, string>
  readonly #nonce: string
  #challenged = false
  #username: string | undefined

  constructor(passwords: ReadonlyMap<string, string>, nonce: string) {
    this.#passwords = passwords
    this.#nonce = nonce
  }

  /** Who it is; undefined before the end of the exchange. */
  get username(): string | undefined {
    return this.#username
  }

  /** The answer to a client's message. Throws a SaslError when the client is not who it says. */
  next(message: Buffer): Buffer {
    if (this.#username !== undefined) throw new SaslError('the exchange is over')
    if (this.#challenged) return this.#verify(parseDirectives(message))
    if (message.length > 0) throw new SaslError('the client speaks first')
    this.#challenged = true
    const fields = [`realm=${quote(SERVER_NAME)}`, `nonce=${quote(this.#nonce)}`, 'qop="auth"']
    return Buffer.from([...fields, 'charset=utf-8', 'algorithm=md5-sess'].join(','))
  }

  #verify(directives: ReadonlyMap<string, string>): Buffer {
    const username = need(directives, 'username')
    const authzid = directives.get('authzid')
    const password = this.#passwords.get(username)
    const exchange: Exchange = {
      username,
      password: password ?? this.#nonce,
      realm: directives.get('realm') ?? '',
      nonce: need(directives, 'nonce'),
      cnonce: need(directives, 'cnonce'),
      digestUri: need(directives, 'digest-uri'),
      authzid,
    }
    // Compared also for a name that is not there, which thus takes as long to refuse.
    const isProved = same(need(directives, 'response'), proof(exchange, 'AUTHENTICATE'))
    const fits =
      exchange.nonce === this.#nonce &&
      exchange.realm === SERVER_NAME &&
      exchange.digestUri.startsWith('zookeeper/') &&
      directives.get('nc') === NONCE_COUNT &&
      (directives.get('qop') ?? 'auth') === 'auth' &&
      (authzid === undefined || authzid === username)
    if (password === undefined || !isProved || !fits) {
      throw new SaslError('the name or the password is wrong')
    }
    this.#username = username
    return Buffer.from(`rspauth=${proof(exchange, '')}`)
  }
}
