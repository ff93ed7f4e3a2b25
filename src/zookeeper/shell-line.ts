// A line of the shell into words and options: words as ZooKeeper splits them (quotes hold words
// together, and are stripped), options as commons-cli reads them, with its messages.

/** The line is wrong; the message is what the shell prints. */
export class ShellUsageError extends Error {
  override readonly name = 'ShellUsageError'
}

export interface ParsedLine {
  readonly args: readonly string[]
  readonly flags: ReadonlySet<string>
  readonly values: ReadonlyMap<string, string>
  readonly usage: string
}

/** The options of a command, by their letters. */
export interface OptionLetters {
  readonly flags?: string | undefined
  /** Those that take a value. */
  readonly valued?: string | undefined
  /** At most one of these may be given. */
  readonly exclusive?: string | undefined
  /** One of the exclusive ones must be given; what is said when none is. */
  readonly required?: string | undefined
  /** Options of more than one letter, each with a value; they may come again and again. */
  readonly words?: readonly string[] | undefined
}

export function parseLine(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|([^"'\s]\S*)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  )
}

export function parseOptions(
  letters: OptionLetters,
  words: readonly string[],
  usage: string,
): ParsedLine {
  const reader = new OptionReader(letters)
  for (const word of words) reader.take(word)
  const { args, flags, values } = reader.end()
  return { args, flags, values, usage }
}

class OptionReader {
  readonly args: string[] = []
  readonly flags = new Set<string>()
  readonly values = new Map<string, string>()
  readonly #letters: OptionLetters
  /** The option that still wants its value. */
  #waiting: string | undefined
  #chosen: string | undefined
  #plain = false

  constructor(letters: OptionLetters) {
    this.#letters = letters
  }

  take(word: string): void {
    if (this.#plain) {
      this.args.push(word)
    } else if (word === '--') {
      this.#plain = true
    } else if (this.#waiting !== undefined && !this.#isOption(word)) {
      this.#setValue(this.#waiting, word)
      this.#waiting = undefined
    } else if (!word.startsWith('-') || word === '-' || isNegativeNumber(word)) {
      this.args.push(word)
    } else {
      this.#option(word)
    }
  }

  end(): this {
    this.#refuseWaiting()
    const { required } = this.#letters
    if (required !== undefined && this.#chosen === undefined) {
      throw commonsCli('MissingOptionException', `Missing required option: ${required}`)
    }
    return this
  }

  #option(word: string): void {
    const letters = word.slice(1)
    if (this.#letters.words?.includes(letters) === true) return this.#begin(letters, true)
    if (word.startsWith('--')) throw unrecognized(word)
    for (let index = 0; index < letters.length; index++) {
      const letter = letters[index] ?? ''
      const isValued = this.#letters.valued?.includes(letter) === true
      if (!isValued && this.#letters.flags?.includes(letter) !== true) throw unrecognized(word)
      this.#begin(letter, isValued)
      const rest = letters.slice(index + 1)
      if (!isValued || rest === '') continue
      this.#setValue(letter, rest.replace(/^=/, ''))
      this.#waiting = undefined
      return
    }
  }

  #begin(name: string, isValued: boolean): void {
    this.#refuseWaiting()
    if (this.#letters.exclusive?.includes(name) === true) this.#choose(name)
    if (isValued) this.#waiting = name
    else this.flags.add(name)
  }

  #choose(name: string): void {
    if (this.#chosen !== undefined && this.#chosen !== name) {
      throw commonsCli(
        'AlreadySelectedException',
        `The option '${name}' was specified but an option from this group has already been ` +
          `selected: '${this.#chosen}'`,
      )
    }
    this.#chosen = name
  }

  #setValue(name: string, value: string): void {
    const before = this.#letters.words?.includes(name) === true ? this.values.get(name) : undefined
    this.values.set(name, before === undefined ? value : `${before},${value}`)
  }

  #isOption(word: string): boolean {
    if (!word.startsWith('-') || word.length < 2 || isNegativeNumber(word)) return false
    const name = word.slice(1)
    const { flags = '', valued = '', words = [] } = this.#letters
    return words.includes(name) || (flags + valued).includes(name[0] ?? ' ')
  }

  #refuseWaiting(): void {
    if (this.#waiting === undefined) return
    const message = `Missing argument for option: ${this.#waiting}`
    throw commonsCli('MissingArgumentException', message)
  }
}

function isNegativeNumber(word: string): boolean {
  return /^-(\d+\.?\d*|\.\d+)$/.test(word)
}

function unrecognized(word: string): ShellUsageError {
  return commonsCli('UnrecognizedOptionException', `Unrecognized option: ${word}`)
}

/** Its messages come with the names of its classes. */
function commonsCli(name: string, message: string): ShellUsageError {
  return new ShellUsageError(`org.apache.commons.cli.${name}: ${message}`)
}
