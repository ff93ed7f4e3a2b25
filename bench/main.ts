// `npm run bench [-- --cases=a,b --rounds=3 --only=ottla --list]`
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cases as dataCases, type Figures } from './cases.ts'
import { clusterCases } from './cases-cluster.ts'
import { groupCases } from './cases-groups.ts'
import { storageCases } from './cases-storage.ts'
import { zookeeperCases } from './cases-zookeeper.ts'
import { kafka, ottla, type ServerKind } from './servers.ts'

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

const cases = [...dataCases, ...groupCases, ...storageCases, ...zookeeperCases, ...clusterCases]

if (values.list) {
  for (const { name, title } of cases) console.log(`${name.padEnd(27)} ${title}`)
  process.exit(0)
}

/** `produce-*` names all that begin so. */
function isNamed(name: string, word: string): boolean {
  return word.endsWith('*') ? name.startsWith(word.slice(0, -1)) : name === word
}

const wanted = values.cases?.split(',')
const unknown = wanted?.filter((word) => !cases.some(({ name }) => isNamed(name, word))) ?? []
if (unknown.length > 0) {
  console.error(`no case is called ${unknown.join(', ')}; see --list`)
  process.exit(1)
}
const rounds = Number(values.rounds)
const comparison = values.only === 'ottla' ? undefined : kafka()
const kinds: ServerKind[] = values.only === 'kafka' ? [] : [ottla]
if (comparison !== undefined) kinds.push(comparison)

type Runs = Map<string, Figures[]>
const results = new Map<string, Runs>()

for (const one of cases) {
  if (wanted?.some((word) => isNamed(one.name, word)) === false) continue
  const runs: Runs = new Map(kinds.map(({ name }) => [name, []]))
  results.set(one.name, runs)
  for (let round = 0; round < Math.min(rounds, one.mostRounds ?? rounds); round++) {
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
      touchMemory()
      runs.get(kind.name)?.push(await one.run(kind))
    }
  }
  console.log(`\n${one.title}`)
  for (const line of table(runs)) console.log(line)
}

const directory = join(import.meta.dirname, 'results')
mkdirSync(directory, { recursive: true })
const path = join(directory, `${new Date().toISOString().replaceAll(':', '-')}.json`)
const plain = [...results].map(([name, runs]) => [name, Object.fromEntries(runs)])
writeFileSync(path, `${JSON.stringify(Object.fromEntries(plain), null, 2)}\n`)

/** On a virtual machine the first touch of a page is slow, and would be charged to who runs first. */
function touchMemory(): void {
  const gibibyte = Buffer.alloc(1 << 30)
  for (let at = 0; at < gibibyte.length; at += 4096) gibibyte[at] = 1
}

function table(runs: Runs): string[] {
  const names = new Set([...runs.values()].flatMap((figures) => figures.flatMap(Object.keys)))
  return [...names].map((figure) => {
    const cells = [...runs].map(([kind, figures]) => {
      const sorted = figures.map((one) => one[figure] ?? Number.NaN).toSorted((a, b) => a - b)
      const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
      return {
        kind,
        median,
        text: `${kind} ${format(median)} (${format(sorted[0])}–${format(sorted.at(-1))})`,
      }
    })
    const [ours, theirs] = cells
    const ratio =
      ours === undefined || theirs === undefined
        ? ''
        : `  ${(ours.median / theirs.median).toFixed(2)} ×`
    return `  ${figure.padEnd(24)}${cells.map(({ text }) => text).join('   ')}${ratio}`
  })
}

function format(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2)
}
