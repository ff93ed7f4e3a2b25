// Tables in Markdown.

/** Cells are taken as they are, but for what would end them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cellOf).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

/** What would end a cell, or be taken for a tag of HTML, is escaped. */
function cellOf(text: string): string {
  const line = text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  return line.startsWith('`') ? line : line.replaceAll('<', '&lt;')
}

export function code(text: string): string {
  return `\`${text}\``
}

/** A page: a title, what it is about, and its parts, each apart from the next by an empty line. */
export function page(
  title: string,
  about: string,
  ...parts: readonly (readonly string[])[]
): string {
  const made = 'Generated from the source by `npm run reference`; do not edit.'
  return [`# ${title}`, '', about, '', made, ...parts.flatMap((part) => ['', ...part]), ''].join(
    '\n',
  )
}
