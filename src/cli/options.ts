// The options of a tool as a table, read from arguments as Kafka's tools read theirs: `--name value`
// or `--name=value`, options that repeat, options whose value may be missing.
//
// Always: whatever is wrong with the arguments is an OptionProblem in the words of Kafka's tools.

export interface OptionSpec {
  /** What follows the name. `optional` values may be left out. */
  readonly value: 'none' | 'text' | 'integer' | 'optional'
  /** What the value is, as the usage shows it. */
  readonly argument: string
  readonly doc: string
  /** May be given more than once. */
  readonly repeats: boolean
}

export type OptionTable = Readonly<Record<string, OptionSpec>>

/** Arguments that cannot be read. */
export class OptionProblem extends Error {
  override readonly name = 'OptionProblem'
}

export function flag(doc: string): OptionSpec {
  return { value: 'none', argument: '', doc, repeats: false }
}

export function text(argument: string, doc: string): OptionSpec {
  return { value: 'text', argument, doc, repeats: false }
}

/** Texts that pile up: `--config a=1 --config b=2`. */
export function texts(argument: string, doc: string): OptionSpec {
  return { value: 'text', argument, doc, repeats: true }
}

export function integer(argument: string, doc: string): OptionSpec {
  return { value: 'integer', argument, doc, repeats: false }
}

export function optionalText(argument: string, doc: string): OptionSpec {
  return { value: 'optional', argument, doc, repeats: false }
}

/** What every tool that talks to a cluster has. */
export const HELP_OPTIONS = {
  help: flag('Print this text.'),
  version: flag('Print the version of Kafka that this tool stands in for.'),
} as const

/** For tools that list or describe. */
export const FORMAT_OPTION = {
  format: text('text|json', 'How to print; text, as Kafka prints it, when left out.'),
} as const

export class Options<Name extends string> {
  readonly #values: ReadonlyMap<string, readonly string[]>
  readonly args: readonly string[]

  constructor(values: ReadonlyMap<string, readonly string[]>, args: readonly string[]) {
    this.#values = values
    this.args = args
  }

  has(name: Name): boolean {
    return this.#values.has(name)
  }

  /** The value of an option that may be given once; undefined without one. */
  text(name: Name): string | undefined {
    const found = this.#values.get(name) ?? []
    if (found.length > 1) {
      throw new OptionProblem(
        `Found multiple arguments for option ${name}, but you asked for only one`,
      )
    }
    return found[0]
  }

  texts(name: Name): readonly string[] {
    return this.#values.get(name) ?? []
  }

  integer(name: Name): number | undefined {
    const value = this.text(name)
    return value === undefined ? undefined : Number(value)
  }

  /** Those of these options that were given. */
  given<Some extends Name>(names: readonly Some[]): Some[] {
    return names.filter((name) => this.has(name))
  }

  /** Whether `--format json` was asked for. */
  wantsJson(this: Options<Name | 'format'>): boolean {
    const format = this.text('format') ?? 'text'
    if (format !== 'text' && format !== 'json') {
      throw new OptionProblem(`Cannot parse argument '${format}' of option format`)
    }
    return format === 'json'
  }
}

/** Reads arguments by a table. Throws OptionProblem. */
export function readOptions<Table extends OptionTable>(
  table: Table,
  args: readonly string[],
): Options<Extract<keyof Table, string>> {
  const values = new Map<string, string[]>()
  const positional: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    if (!arg.startsWith('-') || arg.length === 1) {
      positional.push(arg)
      continue
    }
    const name = arg.replace(/^--?/, '').replace(/=.*$/s, '')
    const spec = Object.hasOwn(table, name) ? table[name] : undefined
    if (spec === undefined) throw new OptionProblem(`${name} is not a recognized option`)
    const inline = arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : undefined
    const list = values.get(name) ?? []
    values.set(name, list)
    const next = inline ?? valueAfter(table, spec, args[index + 1])
    if (inline === undefined && next !== undefined) index++
    if (next !== undefined) list.push(checked(name, spec, next))
    else if (spec.value === 'text' || spec.value === 'integer') {
      throw new OptionProblem(`Option ${name} requires an argument`)
    }
  }
  return new Options(values, positional)
}

/** The value that follows an option: whatever comes, unless the value may be left out. */
function valueAfter(
  table: OptionTable,
  spec: OptionSpec,
  next: string | undefined,
): string | undefined {
  if (spec.value === 'none' || next === undefined) return undefined
  if (spec.value !== 'optional') return next
  const isOption = next.startsWith('--') && Object.hasOwn(table, next.slice(2).replace(/=.*$/s, ''))
  return isOption ? undefined : next
}

function checked(name: string, spec: OptionSpec, value: string): string {
  const isSound = spec.value !== 'integer' || /^[+-]?\d{1,19}$/.test(value)
  if (isSound) return value
  throw new OptionProblem(`Cannot parse argument '${value}' of option ${name}`)
}
