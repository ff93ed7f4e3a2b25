// Java's .properties, including what people rarely write by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatProperties, parseProperties } from './properties.ts'

test('separators, comments, continuations and escapes', () => {
  const text = [
    '# comment',
    '  ! another \\',
    'a=1',
    'b : 2 ',
    'c 3',
    'd',
    'e = one, \\',
    '    two',
    '',
    'f\\=\\ g=h\\ti\\u00e9\\q',
    'path=C:\\\\dir\\\\',
    'a=last wins\r',
    'comment.within=1 # no comment',
  ].join('\n')
  assert.deepEqual(
    [...parseProperties(text)],
    [
      ['a', 'last wins'],
      ['b', '2 '],
      ['c', '3'],
      ['d', ''],
      ['e', 'one, two'],
      ['f= g', 'h\tiéq'],
      ['path', 'C:\\dir\\'],
      ['comment.within', '1 # no comment'],
    ],
  )
})

test('what is written is read back', () => {
  const entries = new Map([
    ['cluster.id', 'AbC-_=:#!'],
    ['key with blanks', ' leading and trailing '],
    ['unicode', 'é\u0000\n\t\\'],
  ])
  const text = formatProperties(entries, ['Sun Nov 22 12:00:00 UTC 2026'])
  assert.deepEqual(parseProperties(text), entries)
  assert.match(text, /^#Sun Nov 22 12:00:00 UTC 2026\ncluster\.id=/)
})
