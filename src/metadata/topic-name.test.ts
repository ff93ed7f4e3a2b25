import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANY_NAME, collidingTopics, namingProblem, topicNameProblem } from './topic-name.ts'

test('legal names are 1 to 249 of letters, digits, dot, underscore and dash', () => {
  for (const name of ['a', 'A-b_c.9', '...', 'n'.repeat(249), '__consumer_offsets']) {
    assert.equal(topicNameProblem(name), undefined, name)
  }
  const bad = ['', '.', '..', 'n'.repeat(250), 'a b', 'a/b', 'ä', 'a\0', '%2e', '٣', 'a\n']
  for (const name of bad)
    assert.ok(topicNameProblem(name)?.startsWith('Topic name is invalid'), name)
})

test('names that differ only in dot and underscore collide', () => {
  assert.deepEqual(collidingTopics('a.b', ['a_b', 'a.b', 'ab', 'a-b']), ['a_b'])
  assert.deepEqual(collidingTopics('ab', ['a_b']), [])
})

const naming = {
  templates: ['<env>.<team>.<app>.<type>', 'audit.<team>'],
  fields: new Map([
    ['env', ['dev', 'live']],
    ['type', ['json', 'avro']],
  ]),
}

test('a name that follows any template is welcome, and so are internal topics', () => {
  assert.equal(namingProblem('dev.travel.flights-loader.json', naming), undefined)
  assert.equal(namingProblem('audit.travel', naming), undefined)
  assert.equal(namingProblem('__consumer_offsets', naming), undefined)
  assert.equal(namingProblem('anything', ANY_NAME), undefined)
})

test('a complaint names the template that fits best, and the field', () => {
  const cases = [
    ['prod.travel.flights.json', "field <env> is 'prod', allowed are dev, live"],
    ['dev.travel.flights.xml', "field <type> is 'xml', allowed are json, avro"],
    ['dev.travel', 'field <app> is missing'],
    ['dev..flights.json', 'field <team> is missing'],
    ['dev.travel.flights.json.v2', "'.v2' is too much"],
  ] as const
  for (const [name, problem] of cases) {
    const template = '<env>.<team>.<app>.<type>'
    const expected = `Topic name '${name}' does not follow the template ${template}: ${problem}`
    assert.equal(namingProblem(name, naming), expected)
  }
})
