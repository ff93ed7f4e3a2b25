// Who may do what. Handlers ask one question per resource; without `authorizer.class.name`
// everything is allowed, as in Kafka.

/** Operation codes as they travel in requests (KIP-140). */
export const Operation = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
} as const
export type Operation = (typeof Operation)[keyof typeof Operation]

/** Resource types as they travel in requests (KIP-140). */
export const ResourceType = {
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
} as const
export type ResourceType = (typeof ResourceType)[keyof typeof ResourceType]

/** The one name that the resource of type CLUSTER has. */
export const CLUSTER_NAME = 'kafka-cluster'

/** Who asks: the principal in Kafka's form (`User:alice`) and the address it came from. */
export interface Requester {
  readonly principal: string
  readonly clientAddress: string
}

export interface Authorizer {
  allows(
    requester: Requester,
    operation: Operation,
    resourceType: ResourceType,
    resourceName: string,
  ): boolean
}

/** The authorizer of a broker that has none configured. */
export const allowEverything: Authorizer = { allows: () => true }

/** In a field for authorized operations: they were not asked for. */
export const OPERATIONS_NOT_REQUESTED = -2147483648

const SUPPORTED_OPERATIONS: Readonly<Record<ResourceType, readonly Operation[]>> = {
  [ResourceType.TOPIC]: [
    Operation.READ,
    Operation.WRITE,
    Operation.CREATE,
    Operation.DELETE,
    Operation.ALTER,
    Operation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS,
    Operation.ALTER_CONFIGS,
  ],
  [ResourceType.GROUP]: [Operation.READ, Operation.DELETE, Operation.DESCRIBE],
  [ResourceType.CLUSTER]: [
    Operation.CREATE,
    Operation.ALTER,
    Operation.DESCRIBE,
    Operation.CLUSTER_ACTION,
    Operation.DESCRIBE_CONFIGS,
    Operation.ALTER_CONFIGS,
    Operation.IDEMPOTENT_WRITE,
  ],
  [ResourceType.TRANSACTIONAL_ID]: [Operation.WRITE, Operation.DESCRIBE],
}

/** Bit n is set when the operation with code n is allowed on the resource (KIP-430). */
export function authorizedOperations(
  authorizer: Authorizer,
  requester: Requester,
  resourceType: ResourceType,
  resourceName: string,
): number {
  let bits = 0
  for (const operation of SUPPORTED_OPERATIONS[resourceType]) {
    if (authorizer.allows(requester, operation, resourceType, resourceName)) bits |= 1 << operation
  }
  return bits
}
