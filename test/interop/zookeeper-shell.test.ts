// `ottla zookeeper-shell` and Java's, told the same: the lines of standard output, of standard
// error, and the exit code are the same.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { missingKafka, runTool as runJava } from '../support/kafka.ts'
import { runTool } from '../support/run-tool.ts'

const SHELL = 'org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka'
const skip: string | false = missingKafka('3.9')
const directory = mkdtempSync(join(tmpdir(), 'ottla-zookeeper-shell-'))

after(() => rmSync(directory, { recursive: true, force: true }))

const LINES = `
help
nonsense
ls
ls /
ls -R /
ls -s /
ls -x /
ls /nope
ls /a/
ls /a//b
ls /a/../b
create /a hello
create /a hello
create -s -e /a/
create -es /es x
create -st 100000 /st- x
create -c /c
create -t x /t2
create -t 500000000000000 /tt x
create -s -c /z
create -e -t 10 /z
create /x/y
create bad
create /q
create /q2 d world:anyone:r
create /q3 d world:anyone
create /q4 d bogus:x:r
create /af x world:anyone:x
create "/with space" 'a "quoted" b'
get "/with space"
create /empty ""
get /empty
create /uni äöü€
get /uni
get /a
get -s /a
get -sw /a
get
get -- /a
get --watch /a
get -
get /q
stat /a
stat /nope
stat
set -s /a new2
set -v 7 /a x
set -v
set /a
set /nope x
set /a two words
get /a
delete /q2
delete -v 9 /q
delete /q -v 9
delete /nope
delete /
delete /zookeeper/quota
delete
deleteall /nope
deleteall -b 5 /q
deleteall
getAcl /c
getAcl -s /c
getAcl /nope
setAcl /c world:anyone:cdrw
setAcl /c
setAcl -s -v 5 /c world:anyone:cdrwa
setAcl /c foo
setAcl /a ip:300.1.1.1:r
setAcl /a ::
sync /
sync
sync -x
sync /nope
getAllChildrenNumber /
getAllChildrenNumber
getEphemerals
getEphemerals /nope
getEphemerals relative
addauth
addauth digest u:p
create /ad x auth:u:p:cdrwa
getAcl /ad
create /ae x ip:127.0.0.1:cdrwa,world:anyone:r
getAcl -s /ae
create /tree x
create /tree/a x
create /tree/b x
create /tree/a/x x
create /tree/a/x/1 x
create /tree/b/z x
setAcl -s -R /tree world:anyone:cdrw
ls -R /tree
addWatch -m bogus /c
addWatch
addWatch -m
removewatches
removewatches /nope
removewatches -d /a/none
setquota -n 2 /tree
listquota /tree
setquota -b 100 /tree
setquota -N 3 /tree
setquota -B 0 /tree
listquota /tree
setquota -n 2 -b 4 /tree
setquota -n -5 /tree
setquota -b -7 /tree
setquota -n 2 /nope
setquota -n 2 /
setquota -n
setquota -n 1
setquota /tree
setquota -n 3 /tree/a
setquota -n 5000000000 /tree
listquota /zookeeper
listquota relative
listquota
listquota -x
get /zookeeper/quota/tree/zookeeper_limits
delquota -n /tree
listquota /tree
delquota -n -b /tree
delquota /tree
delquota /tree
delquota
setquota -n 9 /tree/b
setquota -n 9 /tree
printwatches
printwatches off
printwatches
printwatches on
redo 5
redo 50000
redo
config
config -cs
config -w -s
reconfig
reconfig -remove 1
reconfig -members 1=2 -add 3=4
version
version x
history
quit
`

/**
 * What differs from one server to the next: times, numbers of sessions and transactions, port; and
 * what Java prints or not, as its threads run: that it is connected or has closed.
 */
function steady(text: string): string[] {
  return text
    .replaceAll(/\nWATCHER::\n\nWatchedEvent .*\n/g, '')
    .replaceAll(/^([cm]time =) .*$/gm, '$1')
    .replaceAll(/^([cmp]Zxid = 0x)\w+$/gm, '$1')
    .replaceAll(/^(ephemeralOwner = 0x)[1-9a-f]\w*$/gm, '$1')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'server')
    .split('\n')
    .filter((line) => !line.startsWith('log4j:'))
}

/** A server of its own for each, so that both begin with the same tree. */
async function told(
  name: string,
  tell: (
    address: string,
    input: string,
  ) => Promise<{ code: number; stdout: string; stderr: string }>,
): Promise<{ code: number; stdout: string[]; stderr: string[] }> {
  const server = await ZooKeeperServer.start({
    platform: nodePlatform(),
    logger: silentLogger,
    directory: join(directory, name),
    listeners: [{ host: '127.0.0.1', port: 0 }],
    extendedTypes: true,
  })
  try {
    const { code, stdout, stderr } = await tell(`127.0.0.1:${server.ports[0]}`, LINES.slice(1))
    return { code, stdout: steady(stdout), stderr: steady(stderr) }
  } finally {
    await server.close()
  }
}

test('both shells print the same for every command', { skip }, async () => {
  const theirs = await told('theirs', (address, input) =>
    runJava('3.9', '-Dfile.encoding=UTF-8', [SHELL, '-server', address], input),
  )
  const ours = await told('ours', async (address, input) => {
    const { exitCode: code, ...streams } = await runTool(['zookeeper-shell', address], input)
    return { code, ...streams }
  })
  assert.deepEqual(ours, theirs)
})

test('a single command ends with its own exit code', { skip }, async () => {
  for (const [index, command] of [['ls', '/'], ['get', '/nope'], ['nonsense']].entries()) {
    const theirs = await told(`theirs-${index}`, (address) =>
      runJava('3.9', SHELL, ['-server', address, ...command]),
    )
    const ours = await told(`ours-${index}`, async (address) => {
      const { exitCode: code, ...streams } = await runTool(['zookeeper-shell', address, ...command])
      return { code, ...streams }
    })
    assert.deepEqual(ours, theirs, command.join(' '))
  }
})
