// The one place that makes code from strings, and the test whether that is allowed here (a process
// started with --disallow-code-generation-from-strings does not). What goes in is made from
// declarations in this repository only, never from input.

/** Makes a function whose body is `body` and whose parameters have these names. */
export function functionFrom(parameters: readonly string[], body: string): Function {
  // oxlint-disable-next-line typescript/no-implied-eval -- see above
  return new Function(...parameters, body)
}

/** Whether `functionFrom` works in this process. */
export const canCompile = isAllowed()

function isAllowed(): boolean {
  try {
    return functionFrom([], 'return true')() === true
  } catch {
    return false
  }
}
