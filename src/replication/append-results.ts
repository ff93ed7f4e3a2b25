// Results of appends that never reached a log, or ended otherwise than they began.
import type { AppendResult } from '../log/log-types.ts'

/** A refused append: no offsets. */
export function failedAppend(error: number, errorMessage: string | null = null): AppendResult {
  return {
    error,
    errorMessage,
    recordErrors: [],
    firstOffset: -1,
    lastOffset: -1,
    appendTimeMs: -1,
    logStartOffset: -1,
    duplicate: false,
  }
}

/** An append that is in the log but cannot be acknowledged: it keeps its offsets. */
export function unacknowledged(result: AppendResult, error: number): AppendResult {
  return { ...result, error, errorMessage: null }
}
