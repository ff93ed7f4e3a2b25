// Which topics a pattern means: a list of regular expressions, each for a whole name, as Kafka's
// tools take it.
import { UsageError } from './command.ts'

const INTERNAL: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state'])

export function isInternalTopic(name: string): boolean {
  return INTERNAL.has(name)
}

/** Throws UsageError for what is no regular expression. */
export function topicPattern(list: string): RegExp {
  const source = list
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replaceAll(/^["']+|["']+$/g, '')
  try {
    return new RegExp(`^(?:${source})$`, 'u')
  } catch (error) {
    throw new UsageError(`${list} is an invalid regex.`, { cause: error })
  }
}
