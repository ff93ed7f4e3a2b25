// What a topic is to be like, from the options of `ottla topics`: settings and replicas, judged here
// before a broker is asked.
import { ConfigError } from '../config/config-error.ts'
import { validateTopicConfig } from '../config/topic-config.ts'
import { topicSetting } from '../config/topic-settings.ts'
import { Errors, KafkaError } from '../wire/errors.ts'

/** Something that a topic command refuses by itself. */
export class TopicProblem extends Error {
  override readonly name = 'TopicProblem'
  readonly exception: string

  constructor(message: string, exception = 'java.lang.IllegalArgumentException') {
    super(message)
    this.exception = exception
  }
}

/** The tool judges settings itself, before it asks a broker. */
export function topicConfigs(pairs: readonly string[]): Record<string, string> {
  const configs = new Map<string, string>()
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    if (equals < 0) {
      throw new TopicProblem(
        'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
      )
    }
    configs.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim())
  }
  for (const name of configs.keys()) {
    if (topicSetting(name) !== undefined) continue
    throw new KafkaError(Errors.INVALID_CONFIG, `Unknown topic config name: ${name}`)
  }
  const fault = configFault(configs)
  if (fault !== undefined) {
    throw new TopicProblem(fault, 'org.apache.kafka.common.config.ConfigException')
  }
  return Object.fromEntries(configs)
}

function configFault(configs: ReadonlyMap<string, string>): string | undefined {
  try {
    return validateTopicConfig(configs)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

export function readAssignment(list: string | undefined): number[][] | undefined {
  if (list === undefined) return undefined
  const assignment = list.split(',').map((replicas) => replicas.split(':').map(readBrokerId))
  for (const [partition, replicas] of assignment.entries()) {
    const twice = replicas.filter((id, index) => replicas.indexOf(id) !== index)
    if (twice.length > 0) {
      throw new TopicProblem(
        `Partition replica lists may not contain duplicate entries: ${twice.join(',')}`,
        'org.apache.kafka.server.common.AdminCommandFailedException',
      )
    }
    if (replicas.length !== assignment[0]?.length) {
      throw new TopicProblem(
        `Partition ${partition} has different replication factor: ${replicas.join(',')}`,
        'org.apache.kafka.server.common.AdminOperationException',
      )
    }
  }
  return assignment
}

function readBrokerId(text: string): number {
  if (/^\s*\d+\s*$/.test(text)) return Number(text)
  throw new TopicProblem(`For input string: "${text}"`, 'java.lang.NumberFormatException')
}
