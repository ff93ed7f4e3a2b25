import assert from 'node:assert/strict'

const PAUSE_MS = 20

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Asks again and again until the answer is yes; `what` is named when it never is. */
export async function until(
  isDone: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isDone())) {
    assert(performance.now() < deadline, `waited ${timeoutMs} ms for ${what}`)
    await pause(PAUSE_MS)
  }
}
