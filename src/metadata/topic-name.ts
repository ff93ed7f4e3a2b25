// What a topic may be called: Kafka's rules, and the convention that a team may add to them
// (`ottla.topic.name.templates`). Messages are Kafka's where Kafka has one.

const MAX_LENGTH = 249
const LEGAL = /^[a-zA-Z0-9._-]+$/

/** Topics that the brokers keep for themselves. */
const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
])

/** Whether clients see the topic flagged as internal. */
export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name)
}

/** Undefined when `name` is legal, else what is wrong with it. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed'
  if (name === '.') return "Topic name is invalid: '.' is not allowed"
  if (name === '..') return "Topic name is invalid: '..' is not allowed"
  if (name.length > MAX_LENGTH) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${MAX_LENGTH}`
  }
  if (LEGAL.test(name)) return undefined
  return (
    `Topic name is invalid: '${name}' contains one or more characters other than ` +
    "ASCII alphanumerics, '.', '_' and '-'"
  )
}

/** Names that metrics cannot tell apart have the same key. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_')
}

/** Topics of `existing` that differ from `name` only in `.` and `_`. */
export function collidingTopics(name: string, existing: Iterable<string>): string[] {
  if (!/[._]/.test(name)) return []
  const key = collisionKey(name)
  const colliding = []
  for (const other of existing) {
    if (other !== name && other.length === name.length && collisionKey(other) === key) {
      colliding.push(other)
    }
  }
  return colliding
}

/** Templates such as `<env>.<team>.<app>.<type>`, and the words that a field may be. */
export interface TopicNaming {
  readonly templates: readonly string[]
  /** By field name; a field that is not here may be any word. */
  readonly fields: ReadonlyMap<string, readonly string[]>
}

export const ANY_NAME: TopicNaming = { templates: [], fields: new Map() }

const FIELD = /<([^<>]+)>/
/** What a field may hold when its words are not listed: anything but the separators. */
const WORD = /^[a-zA-Z0-9_-]+$/

/**
 * Undefined when `name` follows one of the templates, or there is none, or the topic is internal.
 * Else the complaint about the template that fits best.
 */
export function namingProblem(name: string, naming: TopicNaming): string | undefined {
  if (naming.templates.length === 0 || isInternalTopic(name)) return undefined
  let best: Mismatch | undefined
  for (const template of naming.templates) {
    const mismatch = compareWithTemplate(name, template, naming.fields)
    if (mismatch === undefined) return undefined
    if (best === undefined || mismatch.fieldsMatched > best.fieldsMatched) best = mismatch
  }
  return `Topic name '${name}' does not follow ${best?.complaint ?? 'the naming templates'}`
}

/** Undefined when `template` can be followed, else what is wrong with it. */
export function templateProblem(template: string): string | undefined {
  for (const part of template.split('.')) {
    if (part === '') return 'it has an empty part'
    const literal = part.replace(FIELD, '')
    if (/[<>]/.test(literal)) return `'${part}' is not one <field> with letters around it`
    if (literal !== '' && !LEGAL.test(literal)) return `'${part}' has characters that no topic has`
  }
  return undefined
}

interface Mismatch {
  readonly fieldsMatched: number
  readonly complaint: string
}

function compareWithTemplate(
  name: string,
  template: string,
  fields: TopicNaming['fields'],
): Mismatch | undefined {
  const wanted = template.split('.')
  const actual = name.split('.')
  let fieldsMatched = 0
  for (const [index, part] of wanted.entries()) {
    const problem = partProblem(part, actual[index], fields)
    if (problem !== undefined) {
      return { fieldsMatched, complaint: `the template ${template}: ${problem}` }
    }
    fieldsMatched += 1
  }
  if (actual.length === wanted.length) return undefined
  const extra = actual.slice(wanted.length).join('.')
  return { fieldsMatched, complaint: `the template ${template}: '.${extra}' is too much` }
}

function partProblem(
  part: string,
  actual: string | undefined,
  fields: TopicNaming['fields'],
): string | undefined {
  const field = FIELD.exec(part)
  if (field === null) return actual === part ? undefined : `'${part}' is missing`
  const fieldName = field[1] ?? part
  const prefix = part.slice(0, field.index)
  const suffix = part.slice(field.index + field[0].length)
  const shown = `<${fieldName}>`
  if (actual === undefined || actual === '') return `field ${shown} is missing`
  if (!actual.startsWith(prefix) || !actual.endsWith(suffix)) {
    return `'${actual}' does not look like ${part}`
  }
  const word = actual.slice(prefix.length, actual.length - suffix.length)
  const allowed = fields.get(fieldName)
  if (allowed === undefined) {
    return WORD.test(word) ? undefined : `field ${shown} is '${word}', which is no word`
  }
  if (allowed.includes(word)) return undefined
  return `field ${shown} is '${word}', allowed are ${allowed.join(', ')}`
}
