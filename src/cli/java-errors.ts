// How Kafka's tools name an error: by the exception that their client makes of its code.
import { errorByCode, type ErrorName, type KafkaError } from '../wire/errors.ts'

/** Those that are not the code's name in another spelling. */
const IRREGULAR: Partial<Record<ErrorName, string>> = {
  CORRUPT_MESSAGE: 'CorruptRecordException',
  MESSAGE_TOO_LARGE: 'RecordTooLargeException',
  OFFSET_METADATA_TOO_LARGE: 'OffsetMetadataTooLarge',
  REQUEST_TIMED_OUT: 'TimeoutException',
  INVALID_TOPIC_EXCEPTION: 'InvalidTopicException',
  RECORD_LIST_TOO_LARGE: 'RecordBatchTooLargeException',
  TOPIC_ALREADY_EXISTS: 'TopicExistsException',
  INVALID_CONFIG: 'InvalidConfigurationException',
  ILLEGAL_SASL_STATE: 'IllegalSaslStateException',
  NON_EMPTY_GROUP: 'GroupNotEmptyException',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'OutOfOrderSequenceException',
  DUPLICATE_SEQUENCE_NUMBER: 'DuplicateSequenceException',
  CONCURRENT_TRANSACTIONS: 'ConcurrentTransactionsException',
  SASL_AUTHENTICATION_FAILED: 'SaslAuthenticationException',
  NOT_LEADER_OR_FOLLOWER: 'NotLeaderOrFollowerException',
  COORDINATOR_LOAD_IN_PROGRESS: 'CoordinatorLoadInProgressException',
}

/** The full class name. */
export function exceptionOf(code: number): string {
  const { name } = errorByCode(code)
  const camel = name
    .split('_')
    .map((word) => `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`)
    .join('')
  return `org.apache.kafka.common.errors.${IRREGULAR[name] ?? `${camel}Exception`}`
}

/** `class: message`, as Java prints an exception. */
export function describeError(code: number, message?: string | null): string {
  return `${exceptionOf(code)}: ${message ?? errorByCode(code).message}`
}

export function describeKafkaError(error: KafkaError): string {
  return describeError(error.code, error.message)
}
