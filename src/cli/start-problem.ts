// Failures of a start that are no faults of the program: the operator reads one sentence.

const NAMES = new Set([
  'ListenerError',
  'ZooKeeperUnreachable',
  'RegistrationRefused',
  'MetaPropertiesError',
  'LogDirectoryError',
  'ConfigError',
  'DirectoryError',
])

const SYSTEM_CODES = new Set([
  'EADDRINUSE',
  'EACCES',
  'ELOCKED',
  'ENOSPC',
  'EROFS',
  'EPERM',
  'ENOTDIR',
])

export function isStartProblem(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  if (NAMES.has(error.name)) return true
  return 'code' in error && typeof error.code === 'string' && SYSTEM_CODES.has(error.code)
}
