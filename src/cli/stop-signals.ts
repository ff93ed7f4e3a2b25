// Ctrl-C and SIGTERM: the first stops in order, the second at once, and so does a stop that hangs.

const STOP_WITHIN_MS = 30_000

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
