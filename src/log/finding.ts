// What a check has found, in words for an operator.
import type { Disk } from '../platform/disk.ts'

export interface Finding {
  /** `note`: nothing is wrong with it. */
  readonly severity: 'note' | 'damage'
  readonly path: string
  /** Position in the file where that makes sense. */
  readonly byte: number | undefined
  readonly problem: string
  /** What a start of the broker does about it. */
  readonly consequence: string
}

export function note(path: string, problem: string, consequence: string): Finding {
  return { severity: 'note', path, byte: undefined, problem, consequence }
}

export function damage(
  path: string,
  byte: number | undefined,
  problem: string,
  consequence: string,
): Finding {
  return { severity: 'damage', path, byte, problem, consequence }
}

/** Damage when `parse` throws. */
export function* attempt(
  path: string,
  consequence: string,
  parse: () => unknown,
): Generator<Finding> {
  try {
    parse()
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    yield damage(path, undefined, problem.replace(`${path} `, ''), consequence)
  }
}

export function textOf(disk: Disk, path: string): string {
  return disk.readFileSync(path).toString()
}

/** `/d1/flights-0/….log at byte 512: the checksum does not match; a start cuts the log there` */
export function describeFinding({ path, byte, problem, consequence }: Finding): string {
  const at = byte === undefined ? '' : ` at byte ${byte}`
  return `${path}${at}: ${problem}; a start ${consequence}`
}
