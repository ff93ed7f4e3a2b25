// Java's files of logins (JAAS): sections of modules with options, as Kafka and ZooKeeper are told
// of their users with `-Djava.security.auth.login.config=FILE`.
//
//   Client { org.apache.zookeeper.server.auth.DigestLoginModule required username="a" password="b"; };
import { ConfigError } from './config-error.ts'

export interface JaasEntry {
  /** Class of the login module. */
  readonly module: string
  readonly options: ReadonlyMap<string, string>
}

const FLAGS = new Set(['required', 'requisite', 'sufficient', 'optional'])
/** Comments and blanks, a quoted text, one of the signs, or a word. */
const TOKEN = /\s+|\/\/[^\n]*|\/\*[^]*?\*\/|#[^\n]*|"((?:[^"\\]|\\.)*)"|([{};=])|([^\s{};="]+)/gy

interface Token {
  readonly text: string
  /** One of the signs, and not a text that looks like one. */
  readonly isSign: boolean
}

/** The sections by name. Throws ConfigError for what is no such file. */
export function parseJaas(text: string, file: string): ReadonlyMap<string, readonly JaasEntry[]> {
  const reader = new TokenReader(tokens(text, file), file)
  const sections = new Map<string, readonly JaasEntry[]>()
  while (!reader.atEnd) {
    const name = reader.word('the name of a section')
    reader.sign('{')
    const entries: JaasEntry[] = []
    while (!reader.takes('}')) entries.push(readEntry(reader))
    reader.takes(';')
    sections.set(name, entries)
  }
  return sections
}

function readEntry(reader: TokenReader): JaasEntry {
  const module = reader.word('a login module')
  const flag = reader.word('required, requisite, sufficient or optional')
  if (!FLAGS.has(flag.toLowerCase())) reader.fail(`required or another flag, not ${flag}`)
  const options = new Map<string, string>()
  while (!reader.takes(';')) {
    const name = reader.word('an option or ;')
    reader.sign('=')
    options.set(name, reader.word(`the value of ${name}`))
  }
  return { module, options }
}

function tokens(text: string, file: string): Token[] {
  const found: Token[] = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    end = match.index + match[0].length
    const [, quoted, sign, word] = match
    if (quoted !== undefined) {
      found.push({ text: quoted.replaceAll(/\\(.)/g, '$1'), isSign: false })
    } else if (sign !== undefined || word !== undefined) {
      found.push({ text: sign ?? word ?? '', isSign: sign !== undefined })
    }
  }
  if (end < text.length) throw new ConfigError(`${file}: a quoted text does not end`)
  return found
}

class TokenReader {
  readonly #tokens: readonly Token[]
  readonly #file: string
  #next = 0

  constructor(found: readonly Token[], file: string) {
    this.#tokens = found
    this.#file = file
  }

  get atEnd(): boolean {
    return this.#next >= this.#tokens.length
  }

  takes(sign: string): boolean {
    const token = this.#tokens[this.#next]
    if (token?.isSign !== true || token.text !== sign) return false
    this.#next++
    return true
  }

  sign(sign: string): void {
    if (!this.takes(sign)) this.fail(sign)
  }

  word(what: string): string {
    const token = this.#tokens[this.#next]
    if (token === undefined || token.isSign) return this.fail(what)
    this.#next++
    return token.text
  }

  fail(expected: string): never {
    const after = this.#tokens[this.#next - 1]?.text ?? 'its beginning'
    throw new ConfigError(`${this.#file}: after ${after}, ${expected} is expected`)
  }
}
