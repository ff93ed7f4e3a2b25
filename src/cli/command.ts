// What a command is: a function from arguments to an exit code that talks through the streams it is
// given, so that a test can run it in process.
import type { Readable, Writable } from 'node:stream'

export interface CommandStreams {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
}

export interface Command {
  /** The exit code. Problems that the user can mend are printed, not thrown. */
  run(args: readonly string[], streams: CommandStreams): Promise<number>
}

/** A mistake of the user: printed as one sentence, exit code 1. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
