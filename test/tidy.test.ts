// What the house style asks of the source, as far as a program can tell. Every complaint names
// file and line, and says what to do instead.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const ROOT = new URL('../', import.meta.url)

/** What a folder of src/ may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  telemetry: ['platform'],
  config: [],
  codec: [],
  wire: ['codec'],
  log: ['platform', 'telemetry', 'config', 'wire'],
  network: ['platform', 'telemetry', 'config', 'wire'],
  client: ['platform', 'telemetry', 'network', 'wire'],
  metadata: ['config', 'wire'],
  zookeeper: ['platform', 'telemetry', 'config', 'codec', 'network'],
  security: ['platform', 'config', 'wire', 'metadata'],
  replication: ['platform', 'telemetry', 'config', 'wire', 'log', 'client', 'metadata'],
  coordinator: ['platform', 'telemetry', 'config', 'codec', 'wire', 'metadata'],
  controller: ['platform', 'telemetry', 'config', 'wire', 'client', 'metadata', 'zookeeper'],
  broker: (
    'platform telemetry config codec wire log network client metadata ' +
    'zookeeper security replication coordinator controller'
  ).split(' '),
  console: ['platform', 'telemetry', 'config', 'wire', 'client'],
  cli: 'platform telemetry config wire log client broker console zookeeper'.split(' '),
  testing: ['platform', 'telemetry', 'config', 'wire', 'client', 'broker'],
}

/** Where the world may be touched directly. */
const TOUCHES_THE_WORLD = ['src/platform/node/', 'src/console/', 'src/cli/']

interface Ban {
  readonly pattern: RegExp
  readonly instead: string
  readonly except?: readonly string[]
}

const BANS: readonly Ban[] = [
  { pattern: /\bDate\.now\(|\bnew Date\(\)/, instead: 'clock.nowMs()' },
  { pattern: /\bperformance\.now\(/, instead: 'clock.monotonicMs()' },
  { pattern: /\bset(Timeout|Interval)\(/, instead: 'clock.setTimer()' },
  {
    pattern: /\bsetImmediate\(/,
    instead: 'clock.defer()',
    // Virtual time needs a moment when all promises have gone on.
    except: ['src/testing/simulated/virtual-time.ts'],
  },
  { pattern: /\bMath\.random\(/, instead: 'random.uint32()' },
  {
    pattern: /\bcrypto\.random|import \{[^}]*\brandom[^}]*\} from '(node:)?crypto'/,
    instead: 'random.bytes()',
  },
  {
    pattern: /from '(node:)?(fs|fs\/promises|net|tls|dgram|http|http2|timers|worker_threads)'/,
    instead: 'the platform',
  },
]

/** Where the type of a message follows from a declaration in ways that the compiler cannot see. */
const CLAIMS_TYPES = ['src/codec/', 'src/broker/handler.ts']

const MAX_FILE_LINES = 500
const MAX_FUNCTION_LINES = 70
const MAX_README_LINES = 20
const MAX_COLUMNS = 100

interface Source {
  readonly path: string
  readonly lines: readonly string[]
  readonly isTest: boolean
}

function filesUnder(directory: string): string[] {
  const url = new URL(`${directory}/`, ROOT)
  if (!existsSync(url)) return []
  return readdirSync(url, { recursive: true, encoding: 'utf8' })
    .map((name) => `${directory}/${name}`)
    .filter((path) => !path.includes('node_modules') && !path.includes('/dist/'))
    .toSorted()
}

function read(path: string): Source {
  const text = readFileSync(new URL(path, ROOT), 'utf8')
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return { path, lines, isTest: path.endsWith('.test.ts') }
}

const everything = ['src', 'test', 'bench', 'examples', 'scripts'].flatMap(filesUnder)
const sources = everything.filter((path) => /\.tsx?$/.test(path)).map(read)
const product = sources.filter(({ path }) => path.startsWith('src/'))

/** `find` gives the complaint about a line, if there is one. */
function complaints(
  files: readonly Source[],
  find: (line: string, source: Source) => string | undefined,
): string[] {
  return files.flatMap((source) =>
    source.lines.flatMap((line, index) => {
      const complaint = find(line, source)
      return complaint === undefined ? [] : [`${source.path}:${index + 1}: ${complaint}`]
    }),
  )
}

function expectNone(found: readonly string[]): void {
  assert.equal(found.length, 0, `\n${found.join('\n')}\n`)
}

/** Without comments and the content of strings, so that words in them do not count. */
function codeOf(line: string): string {
  const isComment = /^\s*(\/\/|\*|\/\*)/.test(line)
  return isComment ? '' : line.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, "''").replace(/\/\/.*$/, '')
}

function importedPath(source: Source, line: string): string | undefined {
  const target = /(?:from|import) ?\(?'(\.{1,2}\/[^']+)'/.exec(line)?.[1]
  if (target === undefined) return undefined
  return new URL(target, new URL(source.path, 'file:///')).pathname.slice(1)
}

test('a folder imports only from those below it', () => {
  const found = complaints(product, (line, source) => {
    const target = importedPath(source, line)
    const [, folder = ''] = source.path.split('/')
    const [, targetFolder = ''] = target?.split('/') ?? []
    if (target === undefined || folder === targetFolder) return undefined
    // A test may set its subject among neighbours and on the simulated platform.
    if (source.isTest || !source.path.includes('/', 4)) return undefined
    const allowed = MAY_IMPORT[folder]
    if (allowed === undefined) return `${folder}/ has no place in the order of folders`
    return allowed.includes(targetFolder)
      ? undefined
      : `${folder}/ must not import ${targetFolder}/ (it may: ${allowed.join(', ') || 'nothing'})`
  })
  expectNone(found)
})

test('only what composes a process imports platform/node', () => {
  const found = complaints(product, (line, source) => {
    const target = importedPath(source, line) ?? ''
    const mayCompose = /^src\/(platform\/node\/|cli\/|testing\/[^/]+$|[^/]+\.ts$)/.test(source.path)
    if (!target.startsWith('src/platform/node/') || mayCompose || source.isTest) return undefined
    return 'takes the platform as a parameter instead'
  })
  expectNone(found)
})

test('the world comes in through the platform', () => {
  const own = product.filter(
    ({ path, isTest }) => !isTest && !TOUCHES_THE_WORLD.some((folder) => path.startsWith(folder)),
  )
  const found = complaints(own, (line, { path }) => {
    const text = line.includes(" from '") ? line : codeOf(line)
    const ban = BANS.find(({ pattern, except }) => pattern.test(text) && !except?.includes(path))
    return ban === undefined ? undefined : `use ${ban.instead}`
  })
  expectNone(found)
})

test('nothing is left to do, and nothing is of any type', () => {
  const found = complaints(sources, (line, { path }) => {
    if (path === 'test/tidy.test.ts') return undefined
    if (/\b(TODO|FIXME|XXX|HACK)\b/.test(line)) return 'do it, or open an issue'
    if (/(:|<|as|\|) ?any\b(?!['"])/.test(codeOf(line)))
      return 'say what it is: unknown, if need be'
    if (/@ts-(ignore|nocheck|expect-error)/.test(line)) return 'solve it'
    if (/(oxlint|eslint)-disable(?!.*--)/.test(line)) return 'solve it, or say why after --'
    return undefined
  })
  expectNone(found)
})

test('types are shown, not claimed', () => {
  const own = product.filter(
    ({ path, isTest }) => !isTest && !CLAIMS_TYPES.some((prefix) => path.startsWith(prefix)),
  )
  const found = complaints(own, (line) => {
    if (/^\s*(import|export)\b.*\bfrom ''|^\s*(type )?\w+ as \w+,?$/.test(codeOf(line))) {
      return undefined
    }
    return /[\w)\]}!] as (?!const\b)[A-Z\w{[(]/.test(codeOf(line))
      ? 'a guard instead of `as` (only codec/ and tests may)'
      : undefined
  })
  expectNone(found)
})

test('a file begins with what it owns', () => {
  // A small file of one function needs no more than that one's own comment.
  const isSmall = (lines: readonly string[]): boolean =>
    lines.length <= 50 && lines.some((line) => line.startsWith('/**'))
  const found = product
    .filter(({ isTest, lines }) => !isTest && !isSmall(lines))
    .filter(({ lines }) => !/^(\/\/|\/\*|#!)/.test(lines[0] ?? ''))
    .map(({ path }) => `${path}:1: a header comment: what the file owns, what always holds`)
  expectNone(found)
})

test('files and lines are short', () => {
  const long = sources
    .filter(({ lines }) => lines.length > MAX_FILE_LINES)
    .map(({ path, lines }) => `${path}: ${lines.length} lines, at most ${MAX_FILE_LINES}`)
  const wide = complaints(sources, (line) => {
    // What is quoted, or a link, may be longer.
    if (line.length <= MAX_COLUMNS || /['"`/]/.test(line)) return undefined
    return `${line.length} columns, at most ${MAX_COLUMNS}`
  })
  expectNone([...long, ...wide])
})

/**
 * Functions by their indentation: the formatter puts the closing brace below the beginning of the
 * statement, and parameters that need lines of their own between `(` and `) … {`.
 */
function longFunctions({ path, lines }: Source): string[] {
  const begins =
    /^( *)(?!(?:if|for|while|switch|return|await|else|try|do)\b)[\w #.<>:,=[\]|&'"?-]*(?:\(|=> \{$)/
  return lines.flatMap((line, index) => {
    const indent = begins.exec(line)?.[1]
    const firstOfBody = indent === undefined ? -1 : bodyOf(lines, index, indent)
    if (indent === undefined || firstOfBody < 0) return []
    const end = lines.findIndex((later, at) => at > firstOfBody && later.startsWith(`${indent}}`))
    const length = end - index + 1
    if (length <= MAX_FUNCTION_LINES) return []
    return [`${path}:${index + 1}: a function of ${length} lines, at most ${MAX_FUNCTION_LINES}`]
  })
}

/** The line that opens the body; -1 when the line does not begin a function. */
function bodyOf(lines: readonly string[], index: number, indent: string): number {
  const line = lines[index] ?? ''
  if (line.endsWith('{') && !line.endsWith('({'))
    return /^ *(test|suite|describe)\(/.test(line) ? -1 : index
  if (!line.endsWith('(')) return -1
  const closes = lines.findIndex((later, at) => at > index && later.startsWith(`${indent})`))
  return lines[closes]?.endsWith('{') ? closes : -1
}

test('functions are short', () => {
  expectNone(product.filter(({ isTest }) => !isTest).flatMap(longFunctions))
})

test('names are kebab-case and say what a thing is', () => {
  const vague = /(^|-)(manager|helpers?|utils?|impl|service|data|info|misc|common)\./
  const found = product.flatMap(({ path }) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z-]+)*\.tsx?$/.test(name)) return [`${path}: not kebab-case`]
    if (name === 'index.ts' && path.split('/').length > 2) return [`${path}: no inner barrels`]
    return name !== 'index.ts' && vague.test(name) ? [`${path}: a vague name`] : []
  })
  expectNone(found)
})

test('every folder of src/ says what it owns, in twenty lines', () => {
  const folders = readdirSync(new URL('src/', ROOT), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  const found = folders.flatMap((folder) => {
    if (!(folder in MAY_IMPORT)) return [`src/${folder}: no place in the order of folders`]
    const path = `src/${folder}/README.md`
    if (!existsSync(new URL(path, ROOT))) return [`${path} is missing`]
    const { lines } = read(path)
    return lines.length <= MAX_README_LINES
      ? []
      : [`${path}: ${lines.length} lines, at most ${MAX_README_LINES}`]
  })
  expectNone(found)
})

test('a product file that nobody imports is dead', () => {
  const imported = new Set(
    sources.flatMap((source) => source.lines.map((line) => importedPath(source, line))),
  )
  const started = /^src\/(cli|console|testing|platform\/node)\/|^src\/[^/]+\.ts$|worker|\.test\.ts$/
  const mentioned = sources.flatMap(({ lines }) => lines).join('\n')
  const found = product
    .map(({ path }) => path)
    .filter((path) => !imported.has(path) && !started.test(path))
    .filter((path) => !mentioned.includes(path.slice(path.lastIndexOf('/'))))
  expectNone(found.map((path) => `${path}: nobody imports it`))
})
