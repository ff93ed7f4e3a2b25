// Ctrl-C and SIGTERM: the first stops in order, the second at once, and so does a stop that hangs.

const STOP_WITHIN_MS = 30_000
/** Without disks there is little left to do in order. */
const FAIL_WITHIN_MS = 3_000

/** Resolves at the first signal. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0
    const onSignal = (): void => {
      signals++
      if (signals > 1) process.exit(130)
      setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref()
      resolve()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}

/** Ends the process with 1, also when a stop after a failure hangs. */
export function exitSoon(): void {
  setTimeout(() => process.exit(1), FAIL_WITHIN_MS).unref()
}
