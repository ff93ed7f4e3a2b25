// Changes several resources, one after the other, and says of each how it went.
import { Errors, KafkaError } from '../wire/errors.ts'
import type { Requester } from '../security/authorizer.ts'
import { alterResource, type replacing } from './config-resources.ts'
import type { HandlerContext } from './handler-context.ts'

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

interface Outcome extends Resource {
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** `applyOf` may throw KafkaError for a resource that cannot be changed in that way. */
export async function alterResources<R extends Resource>(
  context: HandlerContext,
  requester: Requester,
  resources: readonly R[],
  applyOf: (resource: R) => ReturnType<typeof replacing>,
  validateOnly: boolean,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const counts = Map.groupBy(resources, keyOf)
  for (const resource of resources) {
    const { resourceType, resourceName } = resource
    const answer = { resourceType, resourceName }
    try {
      if ((counts.get(keyOf(resource))?.length ?? 0) > 1) {
        throw new KafkaError(Errors.INVALID_REQUEST, 'Each resource must appear at most once.')
      }
      await alterResource(context, requester, resource, applyOf(resource), validateOnly)
      outcomes.push({ ...answer, errorCode: Errors.NONE, errorMessage: null })
    } catch (error) {
      outcomes.push({ ...answer, ...failureOf(error, context) })
    }
  }
  return outcomes
}

function keyOf({ resourceType, resourceName }: Resource): string {
  return `${resourceType} ${resourceName}`
}

function failureOf(
  error: unknown,
  { logger }: HandlerContext,
): Pick<Outcome, 'errorCode' | 'errorMessage'> {
  if (error instanceof KafkaError) {
    const isUnnamed = error.code === Errors.UNKNOWN_SERVER_ERROR
    return { errorCode: error.code, errorMessage: isUnnamed ? null : error.message }
  }
  logger.error('Settings could not be changed', error)
  return { errorCode: Errors.UNKNOWN_SERVER_ERROR, errorMessage: null }
}
