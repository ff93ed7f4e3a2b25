// Runs a command of the command line in this process, with streams that a test fills and reads.
import { Readable, Writable } from 'node:stream'
import { run } from '../../src/cli/run.ts'
import type { ToolOutcome } from './tool-scenario.ts'

export async function runTool(args: readonly string[], stdin = ''): Promise<ToolOutcome> {
  const stdout = new Collector()
  const stderr = new Collector()
  const input = Readable.from(stdin === '' ? [] : [Buffer.from(stdin)])
  const exitCode = await run(args, { stdin: input, stdout, stderr })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

class Collector extends Writable {
  readonly #chunks: Buffer[] = []

  get text(): string {
    return Buffer.concat(this.#chunks).toString()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk))
    done()
  }
}
