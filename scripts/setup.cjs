// Runs before `npm start`, `npm test` and every other script, on whatever Node is installed: plain
// old JavaScript. Installs what package-lock.json names when it is not there yet, and makes sure
// that the Node which follows is new enough.
'use strict'
const { spawnSync, execFileSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')
const stamp = path.join(root, 'node_modules', '.setup-stamp')
const MINIMUM_MAJOR = 24

const wanted = createHash('sha256')
  .update(fs.readFileSync(path.join(root, 'package-lock.json')))
  .digest('hex')

if (read(stamp) !== wanted) {
  process.stderr.write('Installing dependencies, once ...\n')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-fund', '--no-audit', '--loglevel=error']
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (result.status !== 0) fail('npm ci did not finish; its message is above')
  fs.writeFileSync(stamp, wanted)
}

const local = path.join(root, 'node_modules', '.bin', 'node')
const version = fs.existsSync(local)
  ? execFileSync(local, ['--version'], { encoding: 'utf8' })
  : process.version
if (Number(/^v(\d+)/.exec(version)[1]) < MINIMUM_MAJOR) {
  fail(
    `Node ${MINIMUM_MAJOR} or newer is needed and ${version.trim()} is here. npm installs it from the package "node", ` +
      'unless install scripts are switched off: run `npm rebuild node`, or install Node yourself',
  )
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function fail(message) {
  process.stderr.write(`setup: ${message}\n`)
  process.exit(1)
}
