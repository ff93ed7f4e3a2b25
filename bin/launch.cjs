// Runs a command of the program: compiled in an installed package, from source in a clone. Plain old
// JavaScript, because it may be an old Node that starts it, which then hands over to the one that
// the package brought along.
'use strict'
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

const MINIMUM_MAJOR = 24
const root = path.join(__dirname, '..')

/** `words` come before the arguments of the process. */
module.exports = function launch(...words) {
  const compiled = path.join(root, 'dist', 'main.js')
  const entry = fs.existsSync(compiled) ? compiled : path.join(root, 'src', 'cli', 'main.ts')
  const given = process.argv.slice(2)
  if (given[0] === '-daemon') return inBackground([entry, ...words, ...given.slice(1)], words[0])
  const args = [...words, ...given]
  if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) {
    process.argv = [process.argv[0], entry, ...args]
    void import(pathToFileURL(entry).href)
    return
  }
  const node = path.join(root, 'node_modules', '.bin', 'node')
  if (!fs.existsSync(node)) {
    process.stderr.write(`Node ${MINIMUM_MAJOR} or newer is needed, not ${process.version}\n`)
    process.exitCode = 1
    return
  }
  handOver(node, [...require('./node-flags.json'), entry, ...args])
}

function handOver(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' })
  // The terminal signals both; other senders only this process.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}
