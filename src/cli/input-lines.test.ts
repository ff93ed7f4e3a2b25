import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineSplitter } from './input-lines.ts'

function linesOf(chunks: readonly string[]): string[] {
  const splitter = new LineSplitter()
  const lines = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)))
  const last = splitter.end()
  return [...lines, ...(last === undefined ? [] : [last])].map((line) => line.toString())
}

const CASES: readonly [string, readonly string[], readonly string[]][] = [
  ['a line that is not ended counts', ['a\nb'], ['a', 'b']],
  ['an end of line at the end begins no line', ['a\n'], ['a']],
  ['empty lines count', ['\n\na\n'], ['', '', 'a']],
  ['all three ends of line end one', ['a\r\nb\rc\n'], ['a', 'b', 'c']],
  ['a line over several chunks', ['he', 'll', 'o\nw'], ['hello', 'w']],
  ['\\r and \\n in two chunks are one end', ['a\r', '\nb\n'], ['a', 'b']],
  ['nothing is no line', [''], []],
]

for (const [name, chunks, expected] of CASES) {
  test(name, () => assert.deepEqual(linesOf(chunks), expected))
}

test('every way to cut a text into chunks gives the same lines', () => {
  const whole = 'ab\r\n\rc\n\nde\rf'
  const expected = ['ab', '', 'c', '', 'de', 'f']
  for (let first = 0; first <= whole.length; first++) {
    for (let second = first; second <= whole.length; second++) {
      const chunks = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)]
      assert.deepEqual(linesOf(chunks), expected)
    }
  }
})
