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
const nodeFlags = require('./node-flags.json')
/** As in the first lines of the commands: for a process that another one starts. */
const env = { ...require('./node-environment.json'), ...process.env }

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
  const node = nodeOfPackage()
  if (node !== undefined) handOver(node, [...nodeFlags, entry, ...args])
}

/** Undefined, and said so, when the package did not bring one. */
function nodeOfPackage() {
  if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) return process.execPath
  const node = path.join(root, 'node_modules', '.bin', 'node')
  if (fs.existsSync(node)) return node
  process.stderr.write(`Node ${MINIMUM_MAJOR} or newer is needed, not ${process.version}\n`)
  process.exitCode = 1
  return undefined
}

/** As Kafka's scripts do with -daemon: the output goes to a file in $LOG_DIR, or in ./logs. */
function inBackground(args, name) {
  const node = nodeOfPackage()
  if (node === undefined) return
  const directory = process.env.LOG_DIR ?? 'logs'
  fs.mkdirSync(directory, { recursive: true })
  const file = path.join(directory, name === 'zookeeper' ? 'zookeeper.out' : 'kafkaServer.out')
  const output = fs.openSync(file, 'a')
  spawn(node, [...nodeFlags, ...args], {
    detached: true,
    stdio: ['ignore', output, output],
    env,
  }).unref()
}

function handOver(node, args) {
  const child = spawn(node, args, { stdio: 'inherit', env })
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
