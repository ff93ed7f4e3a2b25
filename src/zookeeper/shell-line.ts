// A line of the shell into words, as ZooKeeper splits it: quotes hold words together, and are
// stripped.

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

export function parseLine(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|([^"'\s]\S*)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  )
}
