// `npm run wasm`: assembles the .wat sources into the modules that carry them.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import wabt from 'wabt'

const directory = join(import.meta.dirname, '..', 'src', 'wire', 'records')

/** The TypeScript module that carries the assembled lz4 decoder. */
export async function lz4Module(): Promise<string> {
  const tools = await wabt()
  const source = readFileSync(join(directory, 'lz4-block.wat'), 'utf8')
  const assembled = tools.parseWat('lz4-block.wat', source)
  const { buffer } = assembled.toBinary({ write_debug_names: false })
  assembled.destroy()
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,92}/g) ?? []
  const text = lines.map((line) => `  '${line}'`).join(' +\n')
  return `// Made from lz4-block.wat by \`npm run wasm\`; do not edit.

/** The module, in base64. */
export const lz4Wasm =
${text}
`
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(directory, 'lz4-wasm.ts'), await lz4Module())
}
