// Errors of the protocol. On hot paths they are the numbers of `Errors`; elsewhere a KafkaError,
// which one place turns into the error of a response.
import { errorTable } from './error-table.ts'

type Table = typeof errorTable

/** Name of an error, as in `Errors`. */
export type ErrorName = keyof Table

/** What is known about an error. */
export interface ErrorDescription {
  readonly name: ErrorName
  readonly code: number
  /** A client may send the same request again. */
  readonly retriable: boolean
  readonly message: string
}

type Codes = { readonly [Name in ErrorName]: Table[Name][0] }

function codesOf(table: Table): Codes
function codesOf(table: Table): object {
  return Object.fromEntries(Object.entries(table).map(([name, [code]]) => [name, code]))
}

/** Code of every error, by name: `Errors.NOT_LEADER_OR_FOLLOWER` is 6. */
export const Errors: Codes = codesOf(errorTable)

function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(errorTable, name)
}

const byCode = new Map<number, ErrorDescription>()
for (const [name, [code, retriable, message]] of Object.entries(errorTable)) {
  if (isErrorName(name)) byCode.set(code, { name, code, retriable, message })
}

const unknown: ErrorDescription = {
  name: 'UNKNOWN_SERVER_ERROR',
  code: errorTable.UNKNOWN_SERVER_ERROR[0],
  retriable: false,
  message: errorTable.UNKNOWN_SERVER_ERROR[2],
}

/** The error of a code; a code that is not known counts as UNKNOWN_SERVER_ERROR. */
export function errorByCode(code: number): ErrorDescription {
  return byCode.get(code) ?? unknown
}

/** An error that a response can carry. */
export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  readonly code: number

  /** `message` defaults to the one that belongs to the code. */
  constructor(code: number, message?: string, options?: ErrorOptions) {
    super(message ?? errorByCode(code).message, options)
    this.code = code
  }

  /** The name of the code, such as NOT_COORDINATOR. */
  get errorName(): ErrorName {
    return errorByCode(this.code).name
  }

  get retriable(): boolean {
    return errorByCode(this.code).retriable
  }
}
