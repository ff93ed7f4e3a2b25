// What is published: the manifest, the commands, and (where it was built) the compiled program.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { COMMANDS } from '../src/cli/commands.ts'
import { SOFTWARE_VERSION } from '../src/client/software.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(read('package.json'))
const nodeFlags: readonly string[] = JSON.parse(read('bin/node-flags.json'))
const environment: Record<string, string> = JSON.parse(read('bin/node-environment.json'))

test('a broker runs with the same flags of Node however it is started', () => {
  const flags = nodeFlags.join(' ')
  for (const script of ['start', 'ottla']) {
    assert.ok(manifest.scripts[script].startsWith(`node ${flags} src/cli/main.ts`), script)
  }
  for (const file of ['bin/ottla.js', 'bin/kafka-server-start.sh']) {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    assert.equal(
      read(file).split('\n')[0],
      `#!/usr/bin/env -S ${variables.join(' ')} node ${flags}`,
    )
  }
})

test('every command of Kafka is offered under its name', () => {
  const scripts = [...COMMANDS.values()].flatMap(({ script }) => script ?? [])
  const offered = Object.keys(manifest.bin).filter((name) => name !== 'ottla')
  assert.deepEqual(offered.toSorted(), scripts.toSorted())
  for (const path of Object.values<string>(manifest.bin)) {
    assert.ok(statSync(join(root, path)).mode & 0o111, `${path} is not executable`)
  }
})

test('one version everywhere', () => {
  assert.equal(manifest.version, SOFTWARE_VERSION)
})

test('installing it runs no scripts, and the lock file serves every platform', () => {
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare'].filter(
    (name) => name in manifest.scripts,
  )
  assert.deepEqual(hooks, [])
  const { packages } = JSON.parse(read('package-lock.json'))
  for (const [path, { optionalDependencies = {} }] of Object.entries<LockedPackage>(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      assert.ok(`node_modules/${name}` in packages, `${name}, optional for ${path}, is not locked`)
    }
  }
})

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const isBuilt = existsSync(join(root, 'dist', 'main.js'))

test('the compiled program runs, and is small', { skip: !isBuilt && 'not built' }, () => {
  const output = execFileSync(process.execPath, [join(root, 'dist', 'main.js'), 'help'])
  assert.match(output.toString(), /console-producer/)
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
  const bytes = files.reduce((sum, name) => sum + statSync(join(root, 'dist', name)).size, 0)
  assert.ok(bytes < 5_000_000, `${bytes} bytes`)
})
