// The text that explains a tool's options: two columns, names in order.
import type { OptionSpec, OptionTable } from './options.ts'

const WIDTH = 80
const MAX_NAME_WIDTH = 40

/** The lines, each ended. */
export function usageOf(table: OptionTable): string {
  const entries = Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const heads = entries.map(([name, spec]) => headOf(name, spec))
  const nameWidth = Math.min(MAX_NAME_WIDTH, Math.max(6, ...heads.map((head) => head.length)))
  const lines = [row('Option', 'Description', nameWidth), row('------', '-----------', nameWidth)]
  for (const [index, [, { doc }]] of entries.entries()) {
    const left = wrap(heads[index] ?? '', nameWidth)
    const right = wrap(doc, WIDTH - nameWidth - 1)
    for (let line = 0; line < Math.max(left.length, right.length); line++) {
      lines.push(row(left[line] ?? '', right[line] ?? '', nameWidth))
    }
  }
  return `${lines.join('\n')}\n`
}

function headOf(name: string, { value, argument }: OptionSpec): string {
  if (value === 'none') return `--${name}`
  const kind = value === 'integer' ? 'Integer' : 'String'
  return value === 'optional'
    ? `--${name} [${kind}: ${argument}]`
    : `--${name} <${kind}: ${argument}>`
}

function row(left: string, right: string, nameWidth: number): string {
  return `${left.padEnd(nameWidth)} ${right}`.trimEnd()
}

/** Words on lines of at most `width`, those after the first set in. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ' '
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
