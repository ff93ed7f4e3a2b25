// `npm run wasm`: assembles the .wat sources into the modules that carry them.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import wabt from 'wabt'

const directory = join(import.meta.dirname, '..', 'src', 'wire', 'records')

export interface WasmModule {
  readonly source: string
  readonly target: string
  /** Of the constant in the target. */
  readonly name: string
}

export const WASM_MODULES: readonly WasmModule[] = [
  { source: 'lz4-block.wat', target: 'lz4-wasm.ts', name: 'lz4Wasm' },
  { source: 'lz4-encode.wat', target: 'lz4-encode-wasm.ts', name: 'lz4EncodeWasm' },
]

/** The TypeScript module that carries what the source says. */
export async function assembled({ source, name }: WasmModule): Promise<string> {
  const tools = await wabt()
  const parsed = tools.parseWat(source, readFileSync(join(directory, source), 'utf8'), {
    bulk_memory: true,
  })
  const { buffer } = parsed.toBinary({ write_debug_names: false })
  parsed.destroy()
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,92}/g) ?? []
  const text = lines.map((line) => `  '${line}'`).join(' +\n')
  return `// Made from ${source} by \`npm run wasm\`; do not edit.

/** The module, in base64. */
export const ${name} =
${text}
`
}

if (process.argv[1] === import.meta.filename) {
  for (const module of WASM_MODULES) {
    writeFileSync(join(directory, module.target), await assembled(module))
  }
}
